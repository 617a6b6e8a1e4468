"""Makes the PDF of the invented inquiry report. The other example documents are written by hand.

Needs the `reportlab` package (pip install reportlab). The same input gives the same bytes: dates are fixed and only the
built-in fonts are used.

    python3 examples/make_documents.py
"""

import re
import sys
from pathlib import Path

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, NextPageTemplate, PageBreak, PageTemplate, Paragraph, Spacer
from reportlab.rl_config import defaultPageSize  # noqa: F401  (fixes the page size before anything else reads it)
from reportlab import rl_config

HERE = Path(__file__).parent / "harbour-inquiry"
sys.path.insert(0, str(HERE / "source"))
import report  # noqa: E402

rl_config.invariant = 1

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=14, spaceAfter=8, leftIndent=12 * mm, firstLineIndent=-12 * mm)
PLAIN = ParagraphStyle("plain", parent=BODY, leftIndent=12 * mm, firstLineIndent=0)
BULLET = ParagraphStyle("bullet", parent=BODY, leftIndent=18 * mm, firstLineIndent=-6 * mm, spaceAfter=4)
CHAPTER = ParagraphStyle("chapter", fontName="Helvetica-Bold", fontSize=18, leading=22, spaceAfter=14)
BOX = ParagraphStyle("box", fontName="Helvetica-Bold", fontSize=12, leading=15, spaceBefore=6, spaceAfter=4, leftIndent=12 * mm)
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=26, leading=32, alignment=TA_CENTER, spaceAfter=20)
CENTRE = ParagraphStyle("centre", fontName="Helvetica", fontSize=13, leading=18, alignment=TA_CENTER, spaceAfter=8)
CONTENTS = ParagraphStyle("contents", fontName="Times-Roman", fontSize=11, leading=18)


def roman(number):
    return {1: "i", 2: "ii", 3: "iii", 4: "iv"}[number]


class Document(BaseDocTemplate):
    """Pages with running heads that differ left and right, page numbers, and footnotes at the foot."""

    def __init__(self, path):
        super().__init__(str(path), pagesize=A4, title=report.TITLE, author="The Harbour Region Inquiry", producer="examples/make_documents.py")
        wide = A4[0] - 50 * mm
        whole = Frame(25 * mm, 25 * mm, wide, A4[1] - 55 * mm, id="whole", leftPadding=0, rightPadding=0)
        noted = Frame(25 * mm, 42 * mm, wide, A4[1] - 72 * mm, id="noted", leftPadding=0, rightPadding=0)
        self.addPageTemplates([
            PageTemplate("cover", [whole]),
            PageTemplate("front", [whole], onPage=self.front),
            PageTemplate("text", [noted], onPageEnd=self.text),
        ])
        self.chapter = ""
        self.notes = []
        self.front_pages = 0
        self.text_pages = 0

    def front(self, canvas, _doc):
        self.front_pages += 1
        canvas.setFont("Times-Roman", 9)
        canvas.drawCentredString(A4[0] / 2, 14 * mm, roman(self.front_pages))

    def text(self, canvas, _doc):
        self.text_pages += 1
        canvas.setFont("Times-Italic", 9)
        if self.text_pages % 2:
            canvas.drawRightString(A4[0] - 25 * mm, A4[1] - 16 * mm, self.chapter)
        else:
            canvas.drawString(25 * mm, A4[1] - 16 * mm, report.TITLE)
        canvas.setFont("Times-Roman", 9)
        canvas.drawCentredString(A4[0] / 2, 14 * mm, str(self.text_pages))
        if self.notes:
            canvas.line(25 * mm, 38 * mm, 65 * mm, 38 * mm)
        y = 34 * mm
        for mark, text in self.notes:
            canvas.setFont("Times-Roman", 6)
            canvas.drawString(25 * mm, y + 2.5, mark)
            words, line = text.split(), ""
            canvas.setFont("Times-Roman", 8.5)
            for word in words + [None]:
                if word is None or canvas.stringWidth(f"{line} {word}", "Times-Roman", 8.5) > A4[0] - 56 * mm:
                    canvas.drawString(29 * mm, y, line.strip())
                    y -= 10
                    line = ""
                line = f"{line} {word}"
        self.notes = []

    def afterFlowable(self, flowable):
        self.notes.extend(getattr(flowable, "notes", []))
        self.chapter = getattr(flowable, "chapter", self.chapter)


def rich(text):
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)
    return re.sub(r"\[(\d+)\]", r'<super size="6.5">\1</super>', text)


def recommendation(number):
    title, parts = report.RECOMMENDATIONS[number]
    yield Paragraph(f"Recommendation {number}: {title}", BOX)
    for part in parts:
        if part.startswith("- "):
            yield Paragraph(f"•&nbsp;&nbsp;{rich(part[2:])}", BULLET)
        elif part.startswith("("):
            yield Paragraph(rich(part), BULLET)
        else:
            yield Paragraph(rich(part), PLAIN)
    yield Spacer(1, 6)


def story():
    yield Spacer(1, 60 * mm)
    yield Paragraph(report.TITLE, TITLE)
    yield Paragraph(report.CHAIR, CENTRE)
    yield Paragraph(f"Published {report.PUBLISHED}", CENTRE)
    yield Paragraph(report.NUMBER, CENTRE)
    yield NextPageTemplate("front")
    yield PageBreak()
    yield Paragraph("Contents", CHAPTER)
    for index, (title, _) in enumerate(report.CHAPTERS, 1):
        yield Paragraph(f"{index}. {title}", CONTENTS)
    yield Paragraph("Appendix: List of recommendations", CONTENTS)
    for index, (title, parts) in enumerate(report.CHAPTERS, 1):
        yield NextPageTemplate("text")
        yield PageBreak()
        heading = Paragraph(f"{index}. {title}", CHAPTER)
        heading.chapter = title
        yield heading
        paragraph, last = 0, None
        for part in parts:
            if isinstance(part, int):
                yield from recommendation(part)
            elif isinstance(part, tuple):
                last.notes = [part]
            else:
                paragraph += 1
                last = Paragraph(f"{index}.{paragraph}.&nbsp;&nbsp;{rich(part)}", BODY)
                yield last
    yield PageBreak()
    heading = Paragraph("Appendix: List of recommendations", CHAPTER)
    heading.chapter = "List of recommendations"
    yield heading
    for number in report.RECOMMENDATIONS:
        yield from recommendation(number)


class Lazy(list):
    """The story as a list; a footnote is tied to its paragraph before the paragraph is laid out."""


path = HERE / "documents" / "inquiry-report.pdf"
path.parent.mkdir(parents=True, exist_ok=True)
Document(path).build(Lazy(story()))
print(path, path.stat().st_size)
