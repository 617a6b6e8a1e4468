/// Why a document could not be read at all. What could be read in part comes with findings instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadingError {
    /// Nothing is in it.
    #[error("{name}: is empty; nothing was read")]
    Empty {
        /// The document's name.
        name: String,
    },
    /// It is larger than the limit.
    #[error("{name}: is {bytes} bytes, over the limit of {limit} for its kind; split it, or raise the limit")]
    TooLarge {
        /// The document's name.
        name: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// It is a kind of file that is not read here.
    #[error(
        "{name}: is {found}, which cannot be read; give a PDF, DOCX, ODT, HTML, Markdown, EML or plain text file"
    )]
    UnsupportedFormat {
        /// The document's name.
        name: String,
        /// What its first bytes say it is.
        found: &'static str,
    },
    /// It is neither a known format nor text.
    #[error(
        "{name}: is not text in UTF-8, UTF-16 or Windows-1252, nor any format read here; save it as UTF-8 text or PDF"
    )]
    NotText {
        /// The document's name.
        name: String,
    },
    /// It needs a password.
    #[error("{name}: is encrypted; save a copy without a password and read that")]
    Encrypted {
        /// The document's name.
        name: String,
    },
    /// It begins as a PDF and holds no page that can be found.
    #[error("{name}: is a damaged or truncated PDF in which no page can be found; fetch it again")]
    DamagedPdf {
        /// The document's name.
        name: String,
    },
    /// It begins as a message and its parts cannot be told apart.
    #[error("{name}: is a damaged message; save it again from the program that received it")]
    DamagedMessage {
        /// The document's name.
        name: String,
    },
    /// A compressed part of it expands past the limit.
    #[error(
        "{name}: holds a compressed part that expands past the limit of {limit} bytes; ask its sender for another copy"
    )]
    ExpandsTooFar {
        /// The document's name.
        name: String,
        /// The limit.
        limit: u64,
    },
    /// It begins as a ZIP container and cannot be opened as one, or lacks the part that holds its text.
    #[error("{name}: is a damaged or truncated DOCX, ODT or ZIP file; fetch it again")]
    DamagedArchive {
        /// The document's name.
        name: String,
    },
    /// It is a container of more members than the limit.
    #[error("{name}: is a container of more than {limit} members; take out the document and give that")]
    TooManyMembers {
        /// The document's name.
        name: String,
        /// The limit.
        limit: usize,
    },
}
