#!/usr/bin/env python3
"""Time the reading of PDF with fonts and boxes, ours beside other engines, and print a Markdown table.

  CANDOUR_CORPUS=FOLDER benches/reading_speed.py [--runs 5]

Reads every PDF of FOLDER/documents/uk, each engine in one process for each document, from its start to its end, output written
to nowhere. Figures are sums over the documents: CPU seconds (user and system, from wait4) of the fastest run, pages a second of
CPU, and the largest peak of resident memory. Other work on the machine moves CPU seconds far less than it moves the clock.

pymupdf and pypdfium2 are installed into a temporary virtual environment; pdftotext is poppler-utils' and must be here. An engine
that is not here is left out, and named. Standard library only.
"""
import argparse, os, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
# `dict` copies the pictures too unless told not to.
MUPDF = ("import sys, pymupdf\nflags = pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES\n"
         "for page in pymupdf.open(sys.argv[1]):\n    page.get_text('dict', flags=flags)\n")
PDFIUM = "import sys, pypdfium2\nfor page in pypdfium2.PdfDocument(sys.argv[1]):\n    page.get_textpage().get_text_bounded()\n"
COUNT = "import sys, pypdfium2\nprint(sum(len(pypdfium2.PdfDocument(f)) for f in sys.argv[1:]))\n"


def timed(command):
    """CPU seconds and peak MiB of one process; None where it fails."""
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # `candour read` answers 1 where it has findings to tell; of the others that is a failure.
    fine = (0, 1) if Path(command[0]).name == "candour" else (0,)
    return (used.ru_utime + used.ru_stime, used.ru_maxrss / 1024) if process.returncode in fine else None


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--runs", type=int, default=5)
    a = a.parse_args()
    corpus = os.environ.get("CANDOUR_CORPUS")
    files = sorted(map(str, Path(corpus or ".").glob("documents/uk/*.pdf")))
    if not corpus or not files:
        sys.exit("CANDOUR_CORPUS names no folder with documents/uk/*.pdf")
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "candour-reading", "--example", "read_text"], cwd=HERE, check=True)
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "candour"], cwd=HERE, check=True)
    built = HERE / "target/release"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = f"{folder}/bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pymupdf", "pypdfium2"], check=True)
        pages = int(subprocess.run([python, "-c", COUNT, *files], check=True, capture_output=True, text=True).stdout)
        installed = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True).stdout
        versions = [v.replace("==", " ") for v in installed.split() if v.lower().startswith(("pymupdf==", "pypdfium2=="))]
        engines = [
            ("**this reader**: text, blocks, faces", "yes", lambda f: [str(built / "examples/read_text"), "--blocks", f]),
            ("**`candour read`**: the same, and its items", "yes", lambda f: [str(built / "candour"), "read", "--format", "json", f]),
            ("pdftotext", "no", lambda f: ["pdftotext", f, "-"]),
            ("pdftotext `-bbox-layout`", "boxes only", lambda f: ["pdftotext", "-bbox-layout", f, "-"]),
            ("PyMuPDF, `dict`, without pictures", "yes", lambda f: [python, "-c", MUPDF, f]),
            ("of that, starting Python and importing PyMuPDF", "", lambda f: [python, "-c", "import pymupdf"]),
            ("pypdfium2, text", "no", lambda f: [python, "-c", PDFIUM, f]),
        ]
        # Runs of the engines take turns, so that a busy minute of the machine meets all of them.
        best, peak, absent = {}, {}, set()
        for _ in range(a.runs):
            for name, _, command in engines:
                try:
                    used = [timed(command(f)) for f in files]
                except FileNotFoundError:
                    used = [None]
                if None in used:
                    absent.add(name)
                    continue
                best[name] = min(best.get(name, float("inf")), sum(u[0] for u in used))
                peak[name] = max(peak.get(name, 0), max(u[1] for u in used))
    print(f"{len(files)} documents, {pages} pages; best of {a.runs} runs; {', '.join(versions)}\n")
    print("| engine, whole process | CPU s | pages/s of CPU | peak MiB | fonts and boxes |\n|---|---:|---:|---:|---|")
    for name, gives, _ in engines:
        if name not in absent:
            rate = f"{pages / best[name]:,.0f}" if gives else ""
            print(f"| {name} | {best[name]:.2f} | {rate} | {peak[name]:.0f} | {gives} |")
    for name in sorted(absent):
        print(f"{name} is not here or failed, so it is not in the table", file=sys.stderr)


if __name__ == "__main__":
    main()
