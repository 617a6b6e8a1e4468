use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::site::review::{Desk, Form, Visit};
use crate::site::{Asked, Page, Site};

use super::{In, report};

/// Serve the site on this machine, with the pages on which what was read is reviewed
#[derive(clap::Args)]
#[command(after_help = "Example: candour serve -w my-audit --port 8650")]
pub(super) struct Serve {
    /// Port on this machine; 0 takes any that is free
    #[arg(long, default_value_t = 8650)]
    port: u16,
    /// Who reviews, written into the log beside every judgement [default: asked for on the page]
    #[arg(long, value_name = "NAME, OFFICE")]
    reviewer: Option<String>,
    #[command(flatten)]
    workspace: In,
}

impl Serve {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let site = Site::load(self.workspace.open()?)?;
        report(&site.findings());
        serve(out, site, Desk::new(self.reviewer)?, self.port)
    }
}

struct Served {
    site: Site,
    desk: Desk,
}

/// Serves until interrupted. Only this machine can reach it: putting a register on the internet is what `publish` is for.
pub(super) fn serve(out: &mut impl Write, site: Site, desk: Desk, port: u16) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = tokio::net::TcpListener::bind(address).await.with_context(|| {
            format!("port {port} cannot be used; give another with --port, or --port 0 for any")
        })?;
        let address = listener.local_addr()?;
        writeln!(out, "Serving at http://{address}/ (Ctrl+C stops it)")?;
        let waiting = site.waiting();
        if waiting > 0 {
            let things = if waiting == 1 { "thing read waits" } else { "things read wait" };
            // Whoever started this may have read the address and gone.
            let _ = writeln!(out, "{waiting} {things} for a person at http://{address}/review/");
        }
        let _ = out.flush();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::new(Served { site, desk }))
            .layer(CompressionLayer::new().gzip(true))
            .layer(CatchPanicLayer::new());
        axum::serve(listener, router)
            .with_graceful_shutdown(async {
                // Without a signal handler there is nothing to wait for, and the process ends as processes do.
                let _ = tokio::signal::ctrl_c().await;
            })
            .await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Largest form taken: a recommendation amended at length is a few kilobytes.
const LARGEST_FORM: usize = 512 * 1024;
/// Where the browser keeps the reviewer's name.
const COOKIE: &str = "candour-reviewer";

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = Form::read(parts.uri.query().unwrap_or_default().as_bytes());
    let review = path == "/review" || path.starts_with("/review/");
    if review && let Err(refused) = from_here(&parts.method, &parts.headers) {
        return refused;
    }
    let looks = matches!(parts.method, Method::GET | Method::HEAD);
    if !(looks || (review && parts.method == Method::POST)) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "This address is only for looking.\n");
    }
    let form = if looks {
        Form::default()
    } else {
        match read_form(body).await {
            Ok(form) => form,
            Err(refused) => return refused,
        }
    };
    // Pages read the database, which blocks; the threads that accept connections must not.
    let cookie = reviewer_cookie(&parts.headers);
    let made = tokio::task::spawn_blocking(move || {
        let visit = Visit { cookie, query };
        if review && looks {
            served.site.review(&served.desk, &path, &visit).map(|page| (page, None))
        } else if review {
            served.site.judge(&served.desk, &path, &visit, &form).map(|page| {
                let name = (path == "/review/name/" && page.status == 303)
                    .then(|| form.one("name").unwrap_or_default().to_owned());
                (page, name)
            })
        } else {
            let text = |name: &str| visit.query.one(name).map(str::to_owned);
            let asked = Asked { q: text("q"), date: text("date"), without_dated_views: false };
            served.site.page(&path, &asked).map(|page| (page, None))
        }
    })
    .await;
    let (page, name) = match made {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => {
            return plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("This page could not be made: {error:#}\n"),
            );
        }
        Err(_) => return plain(StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.\n"),
    };
    let mut response = respond(page, &parts.headers, review);
    if let Some(name) = name {
        let value: String = form_urlencoded::byte_serialize(name.trim().as_bytes()).collect();
        let cookie = format!("{COOKIE}={value}; Path=/review; HttpOnly; SameSite=Strict; Max-Age=31536000");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn respond(page: Page, headers: &HeaderMap, review: bool) -> Response {
    let tag = etag(&page.body);
    if page.status == 200
        && headers.get(header::IF_NONE_MATCH).and_then(|t| t.to_str().ok()) == Some(tag.as_str())
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, page.body).into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media));
    for (name, value) in SAFE {
        set.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if review {
        // The review pages alone have a script, their own; what it holds is the reviewer's and is kept nowhere.
        set.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(REVIEW_POLICY));
        set.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    } else if let Ok(tag) = HeaderValue::from_str(&tag) {
        set.insert(header::ETAG, tag);
    }
    if let Some(place) = page.location.and_then(|l| HeaderValue::from_str(&l).ok()) {
        set.insert(header::LOCATION, place);
    }
    response
}

/// Whether a request under `/review/` comes from a page of this program: a name other than this machine's own in `Host`
/// is another site's name pointed here, and a form from another origin is another site's form.
#[expect(clippy::result_large_err, reason = "the refusal is the answer sent")]
fn from_here(method: &Method, headers: &HeaderMap) -> Result<(), Response> {
    let text =
        |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let host = text(header::HOST);
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    if !matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        return Err(plain(
            StatusCode::FORBIDDEN,
            "Review is for this machine alone: open it as 127.0.0.1 or localhost.\n",
        ));
    }
    if method == Method::POST {
        let origin = text(header::ORIGIN);
        let site = text(HeaderName::from_static("sec-fetch-site"));
        // These pages send no referrer, and a browser then writes "null" for the origin; where the form came from stands
        // in Sec-Fetch-Site, which no page can forge.
        let own = origin.is_empty()
            || origin == format!("http://{host}")
            || (origin == "null" && site == "same-origin");
        if !own || !matches!(site.as_str(), "" | "same-origin" | "none") {
            return Err(plain(
                StatusCode::FORBIDDEN,
                "This form came from another site, so nothing was recorded.\n",
            ));
        }
    }
    Ok(())
}

async fn read_form(body: Body) -> Result<Form, Response> {
    match axum::body::to_bytes(body, LARGEST_FORM).await {
        Ok(bytes) => Ok(Form::read(&bytes)),
        Err(_) => Err(plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!(
                "The form is larger than {LARGEST_FORM} bytes, so nothing was recorded; shorten the words.\n"
            ),
        )),
    }
}

fn reviewer_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| {
            let value = pair.trim().strip_prefix(COOKIE)?.strip_prefix('=')?;
            form_urlencoded::parse(format!("n={value}").as_bytes()).next().map(|(_, name)| name.into_owned())
        })
}

fn plain(status: StatusCode, words: &str) -> Response {
    (status, words.to_owned()).into_response()
}

/// As [`SAFE`], with the one script of the review pages.
const REVIEW_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Nothing is loaded from elsewhere, nothing runs, nothing is told to whoever a reader goes to next.
const SAFE: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache"),
];

fn etag(body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(body);
    let short = digest[..8].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("W/\"{short:016x}\"")
}
