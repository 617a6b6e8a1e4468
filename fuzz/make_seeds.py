"""Makes the seeds under `seeds/`: small files from which the fuzzer starts. Everything in them is invented.

Needs Python 3 with pyarrow, and the `openssl` program, which signs the checkpoints with a key that is no secret. The same
script and versions give the same bytes.

    python3 fuzz/make_seeds.py
"""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tempfile
import zipfile
import zlib
from datetime import date
from pathlib import Path

import pyarrow
import pyarrow.parquet

HERE = Path(__file__).parent
SEEDS = HERE / "seeds"
EXAMPLES = HERE.parent / "examples" / "harbour-inquiry" / "documents"

LINKAGE = HERE.parent / "examples" / "linkage"

PEOPLE = """unique_id,surname,dob
1,Okafor,2009-03-01
2,Okafor,2009-03-10
3,Okafer,2009-03-01
4,Reed,
5,,2010-07-19
6,Zoë,2010-07-19
"""


def level(condition, label, m=None, u=None, **more):
    return {"sql_condition": condition, "label_for_charts": label} | ({"is_null_level": True} if m is None else {"m_probability": m, "u_probability": u}) | more


SPLINK = {
    "link_type": "dedupe_only",
    "sql_dialect": "duckdb",
    "unique_id_column_name": "unique_id",
    "probability_two_random_records_match": 0.001,
    "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.surname = r.surname AND SUBSTRING(l.dob, 1, 4) = SUBSTRING(r.dob, 1, 4)", "sql_dialect": "duckdb"}],
    "comparisons": [
        {
            "output_column_name": "surname",
            "comparison_levels": [
                level('"surname_l" IS NULL OR "surname_r" IS NULL', "surname is NULL"),
                level('"surname_l" = "surname_r"', "Exact", 0.9, 0.01, tf_adjustment_column="surname", tf_adjustment_weight=1.0),
                level('jaro_winkler_similarity("surname_l", "surname_r") >= 0.92', "Near", 0.06, 0.02),
                level("ELSE", "All other", 0.04, 0.97),
            ],
        },
        {
            "output_column_name": "dob",
            "comparison_levels": [
                level("\"dob_l\" IS NULL OR \"dob_r\" IS NULL", "dob is NULL"),
                level("ABS(EPOCH(try_strptime(\"dob_l\", '%Y-%m-%d')) - EPOCH(try_strptime(\"dob_r\", '%Y-%m-%d'))) <= 2629800.0", "Month", 0.95, 0.01),
                level("ELSE", "All other", 0.05, 0.99),
            ],
        },
    ],
    "candour": {"household": False, "text_unit": "characters"},
}

REPORT = """# The Harbour Region Inquiry

## Recommendations

1. The Harbour Care Board should publish, within six months of this report, a register of missed visits.

2. We recommend that:

   (a) the Ministry of Care set out a timetable by 31 March 2026; and

   (b) the two councils report to it every year.

> Recommendation 3: the Regulator should inspect every provider before Easter 2027.[^1]

| Number | Addressee | Time limit |
|---|---|---|
| 4 | The Ministry | 28 days |

[^1]: See paragraph 4.12.
"""

RESPONSE = """%%page 2%%

# Response to the Harbour Region Inquiry

**Recommendation 1** The Government accepts this recommendation in principle.

**Recommendation 2(a)** Not accepted. The Ministry already does this.

Recommendations 3 and 4 are accepted. We will act by the end of 2026.
"""

STATEMENT = """Home visits: statement by the Minister for Care

14 October 2025

With permission, I wish to make a statement. Dame Orla Penhallow recommended that the Board publish its returns.
We accept all twelve recommendations. I have asked the Chief Inspector to carry out a three-month review, before Easter 2026.
The Board will publish its register "by the end of the year", she said.
Unless the providers answer within 14 days, their licences will be withdrawn.
"""

NEWS = """MISSED VISITS: BOARD GIVEN A YEAR

By A Reporter, 16 June 2025

The Harbour Care Board has until June 2026 to act, the inquiry said on Monday.

"We will do it this spring," said Councillor Imre Vance, who leads the council.

A spokesman for the Ministry said that it had spent 4.2 million pounds in 2024-25 and that nine in ten visits were made.
\x0c
Families said that the promise had been made before, in 2019 and again in 2021.
"""

CORONER = """REGULATION 28: REPORT TO PREVENT FUTURE DEATHS

THIS REPORT IS BEING SENT TO: 1. The Chief Executive, Harbour Care Board

CORONER'S CONCERNS
The MATTERS OF CONCERN are as follows:
(1) No list of visits was kept.
(2) The alarm was not answered.

ACTION SHOULD BE TAKEN
In my opinion action should be taken to prevent future deaths.

YOUR RESPONSE
You are under a duty to respond to this report within 56 days of the date of this report, namely by 11 August 2025.
"""

PAGE = """<!DOCTYPE html><html lang="en-GB"><head><title>Reply</title></head><body><nav>Home</nav><main>
<h1>Reply to the inquiry</h1><p>The <i>Board</i> <b>accepts</b> recommendation&nbsp;1.<sup><a href="#fn1">1</a></sup></p>
<ol start="3" type="a"><li>Third<ul><li>inner</li></ul></li><li>Fourth</li></ol>
<table><caption>Answers</caption><tr><th>No.</th><th>Response</th></tr><tr><td>1</td><td colspan="2">Accepted in part</td></tr></table>
<blockquote><p>Recommendation 2: publish by 1 May 2026.</p></blockquote><h2>Recommendation 2</h2><p>We reject this.</p>
<section class="footnotes"><ol><li id="fn1">A note. <a href="#fnref1">back</a></li></ol></section></main><footer>Crown</footer></body></html>
"""

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DOCUMENT = f"""<?xml version="1.0"?><w:document {W}><w:body>
<w:p><w:pPr><w:pStyle w:val="H1"/></w:pPr><w:r><w:t>Recommendations</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t xml:space="preserve">The Board should </w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t>publish</w:t></w:r><w:ins><w:r><w:t> within 28 days</w:t></w:r></w:ins><w:del><w:r><w:delText>soon</w:delText></w:r></w:del><w:r><w:footnoteReference w:id="2"/></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>its register;</w:t><w:br w:type="page"/><w:t>and</w:t></w:r></w:p>
<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p><w:r><w:t>Accepted</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
<w:sdt><w:sdtContent><w:p><w:r><w:drawing><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></w:drawing></w:r></w:p></w:sdtContent></w:sdt>
</w:body></w:document>"""
STYLES = f"""<w:styles {W}><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="N"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:basedOn w:val="N"/><w:pPr><w:outlineLvl w:val="0"/><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr><w:rPr><w:b/></w:rPr></w:style></w:styles>"""
NUMBERING = f"""<w:numbering {W}><w:abstractNum w:abstractNumId="5"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerRoman"/><w:lvlText w:val="(%2)"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="5"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="2"/></w:lvlOverride></w:num></w:numbering>"""
FOOTNOTES = f"""<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"""
HEADER = f"""<w:hdr {W}><w:p><w:r><w:t>The Inquiry</w:t></w:r></w:p></w:hdr>"""

CONTENT = """<?xml version="1.0"?><office:document-content xmlns:office="o" xmlns:text="t" xmlns:style="s" xmlns:table="b" xmlns:fo="f">
<office:automatic-styles><style:style style:name="P1" style:family="paragraph" style:parent-style-name="H"><style:paragraph-properties fo:break-before="page"/></style:style>
<style:style style:name="T1" style:family="text"><style:text-properties fo:font-style="italic" fo:font-weight="bold" fo:font-size="12pt"/></style:style>
<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="." text:start-value="3"/><text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")" text:display-levels="2"/></text:list-style></office:automatic-styles>
<office:body><office:text><text:h text:outline-level="1">Recommendations</text:h><text:p text:style-name="P1">The <text:span text:style-name="T1">Board</text:span><text:s text:c="2"/>should<text:tab/>act.<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note></text:p>
<text:list text:style-name="L1"><text:list-item><text:p>Publish by 1 May 2026.</text:p><text:list><text:list-item text:start-value="4"><text:p>inner</text:p></text:list-item></text:list></text:list-item></text:list>
<text:tracked-changes/><text:soft-page-break/><table:table><table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-spanned="2"><text:p>1</text:p></table:table-cell><table:covered-table-cell/></table:table-row></table:table></office:text></office:body></office:document-content>"""
ODT = "application/vnd.oasis.opendocument.text"

PLAIN_MAIL = """From: A Writer <writer@example.org>
To: "Harbour Care Board" <board@example.org>
Subject: =?utf-8?q?Reply_to_recommendation_4?=
Date: Tue, 14 Oct 2025 09:30:00 +0100
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: quoted-printable

Dear Chair,

The Board accepts recommendation 4 and will publish within 28 days=
.

> Will you publish?
"""
PARTED_MAIL = """From: writer@example.org
Subject: Two forms
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="a"

--a
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1

The caf\xc3\xa9 accepts.
--b
Content-Type: text/html

<p>The <b>Board</b> accepts.</p>
--b--
--a
Content-Type: message/rfc822

From: other@example.org
Subject: inner

Inner.
--a
Content-Type: application/pdf; name*=utf-8''r.pdf
Content-Disposition: attachment; filename="r.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--a--
"""

TABLES = {
    "sources.csv": "id,url,publisher,kind,date,how_much_was_read\ns1,https://example.org/1,A Paper,news,2025-06,whole\n",
    "bodies.csv": "id,name,kind,territory,role,part_of,sources\nboard,The Board,government,Harbour,Addressee,,s1\ncouncil,The Council,government,Harbour,,board,s1\n",
    "instruments.csv": "id,parent,title,kind,author_or_chair,territory,legal_basis,established,published,response_due,recommendation_count,source,basis,note\ninq,,The Inquiry,inquiry,Dame Orla,Harbour,,2020-01,2025-06-16,2025-12-16,2,s1,read,\n",
    "recommendations.csv": "id,instrument_id,number,number_confirmed,short_title,summary,addressees,time_limit,time_limit_date,restates,outcome_known,sources,basis,note\nr1,inq,1,yes,Publish,Publish the register.,board;council,within 6 months,2025-12-16,,unknown,s1,read,\nr2,inq,2,no,not seen,unknown,,,,r1,,s1,partial,\n",
    "responses.csv": "id,recommendation_id,response_doc,date,responder,position,position_stated,claim,reasons_given,summary,sources,basis,note\na1,r1,inq,2025-10-14,board,accepted_in_principle,accepts,unknown,unknown,Says so.,s1,read,\n",
    "evidence.csv": "id,recommendation_id,grade,as_of,what,sources,basis,note\ne1,r1,delivered,2026-01,It is there.,s1,read,\n",
    "commitments.csv": "id,recommendation_id,made_on,made_by,commitment,due,due_precision,state,as_at,sources,basis,note\nc1,r1,2025-10-14,board,Publish.,2025-12,month,unknown,2026-03,s1,read,\n",
    "events.csv": "id,date,kind,subject_id,what,sources,basis,note\nev1,2025-06-16,published,inq,The report.,s1,read,\n",
    "figures.csv": "id,what,value,period,area,sources,basis,note\nf1,Visits,115000,2023,Harbour,s1,read,\n",
    "police_forces.csv": "id,ons_pfa_code,ons_pfa_name,name,region,country,kind,police_uk_slug,sources\npf-a,E23000036,A,A Police,South West,England,territorial,a,s1\n",
    "local_authorities.csv": "id,gss_code,former_gss_code,official_name,name,kind,region,region_code,country,ons_pfa_code,police_force_id,population_2020,sources\nla-a,E06000001,,A Borough Council,A,unitary authority,North East,E12000001,England,E23000036,pf-a,93836,s1\n",
    "coverage.csv": 'through,how\n2026-03,"Read, in part."\n',
}

PACK = '''[pack]
name = "own"
version = "1"
reviewed = "2025-11-01"
language = "en-GB"

[source.guide]
document = "A guide"
publisher = "A board"
year = 2024

[classes]
girl = ["girl", "young woman"]

[[rule]]
id = "own-1"
kind = "wording"
category = "B1"
severity = "error"
pattern = ["[put|place] herself at risk", "@girl _{0,3} < streetwise | ( , risk taking )? >"]
unless = ["not [put]"]
suggestion = "was put at risk"
source = "guide"
match = ["She puts herself at risk."]
no-match = ["She was put at risk."]

[[trigger]]
kind = "negation"
pattern = ["no sign of"]
'''

CASES = """# Own cases

A note, and what is marked in it.

```notes age=14 type=case_note
She [puts herself at risk](B1) and was seen in [a hotel](H03 possible).
No sign of [a hotel](H03 negated).
```
"""

WORKBOOK = {
    "xl/workbook.xml": '<workbook><workbookPr date1904="0"/><sheets><sheet name="Notes" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/sharedStrings.xml": "<sst><si><t>note</t></si><si><r><t>She was </t></r><r><t>seen.</t></r></si></sst>",
    "xl/styles.xml": '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>',
    "xl/worksheets/sheet1.xml": '<worksheet><cols><col min="3" max="3" hidden="1"/></cols><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>date</t></is></c></row><row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="1"><v>45352</v></c><c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row></sheetData><mergeCells><mergeCell ref="A3:B3"/></mergeCells></worksheet>',
}


def seed(target, name, content):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def joined(parts):
    return "".join(f"=== {name}\n{content}\n" for name, content in parts.items())


def zipped(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def pdf(objects, root=1, more="", before=b"%PDF-1.7\n"):
    """A file of numbered objects with its table; an object is a dictionary, or a dictionary and a stream."""
    out = bytearray(before)
    places = {}
    for number, thing in objects.items():
        places[number] = len(out)
        head, data = thing if isinstance(thing, tuple) else (thing, None)
        out += f"{number} 0 obj\n".encode()
        if data is None:
            out += head.encode()
        else:
            data = data if isinstance(data, bytes) else data.encode("latin-1")
            out += f"<< /Length {len(data)} {head} >>\nstream\n".encode() + data + b"\nendstream"
        out += b"\nendobj\n"
    table = len(out)
    size = max(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
    for number in range(1, size):
        out += f"{places.get(number, 0):010} 00000 {'n' if number in places else 'f'} \n".encode()
    out += f"trailer\n<< /Size {size} /Root {root} 0 R {more} >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def words(lines, font="F1", size=11):
    return "BT /%s %d Tf 14 TL 72 760 Td\n" % (font, size) + "".join(f"({line}) Tj T*\n" for line in lines) + "ET\n"


HELVETICA = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
ITALIC = "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Georgia-Italic /FirstChar 32 /LastChar 40 /Widths [250 300 300 300 300 300 300 300 300] /FontDescriptor << /Type /FontDescriptor /Flags 64 /ItalicAngle -12 /MissingWidth 500 >> /Encoding << /Differences [32 /space /A /B /eacute /quoteright] >> >>"
REPORT_LINES = ["Recommendations", "1. The Board should publish within six months.", "2. The Ministry should report by 31 March 2026.", "\\(a\\) to Parliament;"]
TO_UNICODE = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def
1 begincodespacerange <0000> <ffff> endcodespacerange
2 beginbfchar <0001> <0041> <0002> <00660069> endbfchar
1 beginbfrange <0010> <0020> <0061> endbfrange endcmap end end"""


def page(content, parent=2, more="/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"):
    return f"<< /Type /Page /Parent {parent} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R {more} >>"


def pdfs():
    base = {1: "<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>", 2: "<< /Type /Pages /Kids [5 0 R] /Count 1 >>", 3: HELVETICA, 4: ITALIC}
    one = base | {5: page(6), 6: ("", words(REPORT_LINES))}
    yield "one-page", pdf(one, more="/Info << /Title (Report) /Producer <FEFF0041> >>")
    pages = base | {2: "<< /Type /Pages /Kids [5 0 R 10 0 R] /Count 3 /MediaBox [0 0 400 600] /Rotate 90 >>"}
    pages |= {10: "<< /Type /Pages /Parent 2 0 R /Kids [7 0 R 8 0 R] /Count 2 >>"}
    for number, at in ((5, 11), (7, 12), (8, 13)):
        pages[number] = f"<< /Type /Page /Parent 2 0 R /Contents [{at} 0 R] /Resources << /Font << /F1 3 0 R >> >> >>"
        pages[at] = ("", words(["THE INQUIRY", f"A sentence that runs over page {at}", "and ends."]) + f"BT /F1 8 Tf 290 30 Td ({at}) Tj ET")
    yield "page-tree", pdf(pages)
    form = base | {5: page(6, more="/Resources << /Font << /F1 3 0 R >> /XObject << /X 7 0 R >> >>"), 6: ("", "q 1 0 .2 1 10 10 cm /X Do Q q /X Do Q")}
    form[7] = ("/Type /XObject /Subtype /Form /BBox [0 0 500 800] /Matrix [1 0 0 1 5 5] /Resources << /Font << /F1 3 0 R >> /XObject << /X 7 0 R >> >>", words(["In a form"]) + "/X Do")
    yield "form", pdf(form)
    cid = base | {3: "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [7 0 R] /ToUnicode 8 0 R >>"}
    cid |= {5: page(6), 6: ("", "BT /F1 12 Tf 72 700 Td <000100020010> Tj [<0011> -250 <0012>] TJ ET")}
    cid |= {7: "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 /W [1 [500 600] 16 32 550] /FontDescriptor << /Type /FontDescriptor /Flags 4 >> >>", 8: ("", TO_UNICODE)}
    yield "composite-font", pdf(cid)
    type3 = base | {3: "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 750 750] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << /a 7 0 R >> /Encoding << /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [1000] >>"}
    type3 |= {5: page(6), 6: ("", "BT /F1 12 Tf 72 700 Td 3 Ts 110 Tz 2 Tr 1 Tc 2 Tw (aaa) ' 1 2 (a a) \" ET"), 7: ("", "1000 0 0 0 750 750 d1 0 0 750 750 re f")}
    yield "type3", pdf(type3)
    yield "deflated", pdf(base | {5: page(6), 6: ("/Filter /FlateDecode", zlib.compress(words(REPORT_LINES).encode()))})
    yield "filters", pdf(base | {5: page(6), 6: ("/Filter [/ASCII85Decode /ASCIIHexDecode]", base64.a85encode(words(["Hex"]).encode().hex().encode() + b">", adobe=True)[2:])})
    inside = [(1, base[1]), (2, base[2]), (3, base[3]), (5, page(6))]
    heads, bodies = "", ""
    for number, text in inside:
        heads += f"{number} {len(bodies)} "
        bodies += text + " "
    yield "object-stream", pdf({6: ("", words(REPORT_LINES)), 9: (f"/Type /ObjStm /N {len(inside)} /First {len(heads)}", heads + bodies)})
    yield "no-table", pdf(one).split(b"xref")[0] + b"trailer << /Root 1 0 R >>"
    yield "encrypted", pdf(one, more="/ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % ("41" * 32, "42" * 32))
    yield "cyclic", pdf(base | {2: "<< /Type /Pages /Kids [2 0 R 5 0 R] /Count 99 /Parent 2 0 R >>", 5: page(6), 6: ("", words(["Once"]))})
    yield "inline-image", pdf(base | {5: page(6), 6: ("", "BI /W 1 /H 1 /BPC 8 /CS /G ID x EI " + words(["After"]) + "q q q Q BT 0 1 -1 0 50 50 Tm /F2 9 Tf (Up) Tj ET")})


def ledger():
    entry = {
        "citations": [], "effective": "2025-06-16", "kind": "recommendation.made", "payload": {"a": [1, "é", None, True]},
        "recorded_at": "2026-11-25T00:00:00.000Z", "recorded_by": {"name": "A Person", "role": "person"}, "subject": "r1", "version": 1,
    }
    del entry["citations"]
    spelt = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    entries = [spelt(entry), spelt(entry | {"subject": "r2", "recorded_by": {"name": "x", "role": "software", "version": "1"}})]
    for number, one in enumerate(entries):
        seed("ledger", f"entry-{number}", one)
    leaves = [hashlib.sha256(b"\0" + one).digest() for one in entries]
    root = hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()
    seed("ledger", "bundle", b"tile/entries/000.p/2\n" + b"".join(len(e).to_bytes(2, "big") + e for e in entries))
    seed("ledger", "tile", b"tile/0/000.p/2\n" + b"".join(leaves))
    seed("ledger", "tile-whole", b"tile/0/x001/234\n" + b"".join(hashlib.sha256(bytes([n])).digest() for n in range(256)))
    name, secret = "register.example", bytes([7]) * 32
    with tempfile.TemporaryDirectory() as folder:
        key, text = Path(folder) / "key", Path(folder) / "text"
        key.write_bytes(bytes.fromhex("302e020100300506032b657004220420") + secret)
        openssl = lambda *arguments: subprocess.run(["openssl", *arguments, "-keyform", "DER"], check=True, capture_output=True).stdout
        public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
        digest = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
        coded = lambda data: base64.b64encode(data).decode()
        verifier = "+".join([name, digest.hex(), coded(b"\x01" + public)])
        for called, body in (("note", ""), ("note-extended", "extension 1\n")):
            note = f"register.example/log\n2\n{coded(root)}\n{body}"
            text.write_text(note)
            signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(text))
            seed("ledger", called, f"{verifier}\n{note}\n— {name} {coded(digest + signature)}\n— witness.example {coded(b'wxyz' + signature)}\n")
        seed("ledger", "key", verifier + "\n")
        seed("ledger", "key-private", "+".join(["PRIVATE+KEY", name, digest.hex(), coded(b"\x01" + secret)]) + "\n")


DEADLINES = {
    "within": "2024-07-18\nwithin six months of the publication of this Report, or 28 working days from the date of the order, and no later than 14 days after receipt",
    "by": "2025-06-16\nby 31 March 2026, by the end of 2026, by mid-2027, by the summer of 2026, before Easter 2026, by the end of the financial year 2026/27",
    "recurring": "2025-06-16\nevery three years, annually, at least once a quarter; in the first instance within twelve months and every year thereafter",
    "vague": "2025-06-16\nas soon as possible; without delay; immediately; in the next two to three years; this year; this autumn; next spring; later this month",
    "window": "2025-06-16\nIf no reply is made within 30 days of the request, the Board should act two weeks after Parliament rises.",
    "no-date": "\nwithin 12 months of publication; by Christmas; on 29 February 2025; from 1st of April to the 5th of May 2026",
    "edge": "9999-12-31\nwithin 4294967295 years; within 99999999999 days; by 31 December 9999; within a hundred and twenty months",
    "far-back": "-9999-01-01\nwithin one day; before Easter; every 0 days; by the end of the year",
}


LISTS = """police,health,schools,charity,count
1,0,0,0,210
0,1,0,0,180
0,0,1,0,150
0,0,0,1,60
1,1,0,0,45
1,0,1,0,38
0,1,1,1,7
1,1,1,1,1
"""
PROFILES = HERE.parent / "foundation/disclosure/profiles"
COUNTS = """area,sex,count
all,both,154
north,both,103
south,both,51
north,female,80
north,male,23
south,female,47
south,male,4
"""
HIERARCHY = '[{"all": ["north", "south"]}, {"both": ["female", "male"]}]'
NOISE = "pcv,ckey,pvalue\n0,0,0\n1,0,-1\n1,1,1\n"
EARLIER = '{"table": "table", "dimensions": [{"name": "area"}, {"name": "sex"}], "cells": [{"codes": ["north", "male"], "least": 20, "most": 25}]}'
ENCODING = """version = 1
id = "unique_id"
[[field]]
column = "surname"
tokens = "bigrams"
hashes = 20
[[field]]
column = "dob"
tokens = "positions"
hashes = 30
"""


def main():
    shutil.rmtree(SEEDS, ignore_errors=True)
    for name, content in pdfs():
        seed("pdf", name, content)
    docx = {"word/document.xml": DOCUMENT, "word/styles.xml": STYLES, "word/numbering.xml": NUMBERING, "word/footnotes.xml": FOOTNOTES, "word/header1.xml": HEADER, "docProps/core.xml": "<c><title>Report</title></c>"}
    seed("docx", "parts", joined(docx))
    seed("docx", "document-alone", joined({"word/document.xml": DOCUMENT}))
    seed("docx", "container", zipped({"word/document.xml": DOCUMENT, "word/numbering.xml": NUMBERING}))
    odt = {"mimetype": ODT, "content.xml": CONTENT, "styles.xml": CONTENT, "meta.xml": "<m><title>Report</title></m>"}
    # The kind is read with its blanks taken off, so that the line end after a part does no harm.
    seed("odt", "parts", joined(odt))
    seed("odt", "content-alone", joined({"mimetype": ODT, "content.xml": CONTENT}))
    seed("odt", "container", zipped(odt))
    texts = {"report": REPORT, "response": RESPONSE, "statement": STATEMENT, "news": NEWS, "coroner": CORONER}
    for name, text in texts.items():
        seed("markdown", name, text)
        seed("plain", name, text.replace("# ", "").replace("**", ""))
    seed("markdown", "about-itself", "---\ntitle: \"The Quay\"\nlang: en-GB\n---\n\n1) One\n1) Two\n\n<div>kept</div>\n\n`code` ~~gone~~ [x](y)\n")
    seed("plain", "statement-utf-16", STATEMENT[:300].encode("utf-16"))
    seed("plain", "windows-1252", b"caf\xe9 \x93accepted\x94 recommendation 1.")
    seed("html", "reply", PAGE)
    seed("html", "rows", "<html><table><tr><td>Recommendation</td><td>Response</td></tr><tr><td>1. Publish</td><td>Accept</td></tr><tr><td>2. Meet</td><td>Do not accept</td></tr></table>")
    seed("html", "no-main", "<html><header>Top</header><form><p>Long prose of a form that holds what is read, sentence by sentence.</p></form><h3>Recommendation 4</h3><p>Agreed.<dl><dt>By</dt><dd>the end of March</dd></dl><b><i>x</b></i>")
    seed("html", "government-response", (EXAMPLES / "government-response.html").read_bytes())
    seed("eml", "letter", PLAIN_MAIL)
    seed("eml", "parted", PARTED_MAIL)
    seed("eml", "page", "From: a@example.org\nMessage-ID: <2@example.org>\nContent-Type: text/html; charset=windows-1252\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(b"<html><p>We reject recommendation 2.</p></html>").decode() + "\n")
    seed("import", "all", joined(TABLES))
    seed("import", "three", joined({name: TABLES[name] for name in ("sources.csv", "instruments.csv", "recommendations.csv")}))
    seed("import", "bodies", joined({name: TABLES[name] for name in ("bodies.csv", "local_authorities.csv", "police_forces.csv", "coverage.csv", "sources.csv")}))
    ledger()
    for name, text in DEADLINES.items():
        seed("deadline", name, text)
    seed("settings", "toml", (LINKAGE / "people.toml").read_bytes())
    seed("settings", "splink", json.dumps(SPLINK, indent=1))
    seed("returns", "mapping", "\x01name = 'own'\ndates = 'day-first'\ncolumns.victim = { Ref = 'person_id' }\n")
    seed("returns", "victims", "\x0aperson_id,list_id,first_known,dob,sex\nP1,CP,2024-03-01,2010-05-04,F\nP2,CP,45717,NK,?\n")
    seed("returns", "any", "\x0fP1,x,2024-13-01,\nP1\n,,,,,\n")
    notes = (HERE.parent / "examples/language/notes.jsonl").read_text().splitlines()[:60]
    seed("language", "notes", "\x00" + "\n\n".join(json.loads(line)["text"] for line in notes))
    seed("language", "pack", "\x01" + PACK)
    seed("language", "vale-substitution", "\x02extends: substitution\nmessage: \"'%s', not '%s'\"\nlevel: error\nignorecase: true\nswap:\n  child prostitut\\w+: child who was exploited\n  at risk of: was\n")
    seed("language", "vale-sequence", "\x02extends: sequence\nmessage: reads as blame\ntokens:\n  - pattern: she\n  - pattern: puts|placed\n    skip: 3\n  - pattern: not\n    negate: true\n")
    seed("language", "vale-others", "\x02extends: occurrence\nmessage: too long\nscope: sentence\nmax: 2\ntoken: '\\b(\\w+)\\b'\n")
    seed("language", "cases", "\x03" + CASES)
    seed("sheets", "workbook", "\x00" + joined(WORKBOOK))
    seed("sheets", "container", b"\x00" + zipped(WORKBOOK))
    seed("sheets", "mailbox", "\x01From a@example.org Fri Mar  1 10:00:00 2024\n" + PLAIN_MAIL + "\n>From the start\n\nFrom b@example.org Sat Mar  2 10:00:00 2024\n" + PARTED_MAIL)
    seed("lists", "four", LISTS)
    seed("lists", "impossible", LISTS.replace("1,1,1,1,1", "1,1,1,1,impossible"))
    for profile in sorted(PROFILES.glob("*.toml")):
        seed("door", profile.stem, "\n---\n".join([profile.read_text(), COUNTS, HIERARCHY, NOISE, EARLIER]))
    seed("encoded", "schema", ENCODING)
    encoded = "".join(f"{n},11,{base64.b64encode(bytes([n, 7] * 16)).decode()},742b87a0233020d3-79b3d59f\n" for n in (1, 3, 255))
    seed("encoded", "csv", "unique_id,present,clk,scheme\n" + encoded)
    seed("encoded", "clks", json.dumps({"clks": [base64.b64encode(bytes([n] * 16)).decode() for n in (1, 3, 255)]}))
    seed("records", "csv", PEOPLE)
    seed("records", "decisions", "left,right,reviewer,decision,decided_at\n1,2,A,match,2026-03-02\n2,3,B,cannot tell,2026-03-02T09:30:00Z\n")
    rows = [line.split(",") for line in PEOPLE.split()]
    columns = {name: [row[at] or None for row in rows[1:]] for at, name in enumerate(rows[0])}
    for name, codec in [("plain", "none"), ("snappy", "snappy")]:
        written = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(columns), written, compression=codec, store_schema=False)
        seed("records", f"parquet-{name}", written.getvalue())
    columns["dob"] = pyarrow.array([None if d is None else date.fromisoformat(d) for d in columns["dob"]])
    columns["unique_id"] = pyarrow.array([int(i) for i in columns["unique_id"]])
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), written, compression="zstd", use_dictionary=False, store_schema=False)
    seed("records", "parquet-dates", written.getvalue())


main()
