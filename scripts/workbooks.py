# SPDX-License-Identifier: Apache-2.0
"""Makes exports as CSV and as workbooks, and says where their cells differ."""

import csv
import datetime
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile

import openpyxl

CELL = 32_767
MARK = " [cut: records.ndjson has all of it]"
TIMES = {"received_at", "occurred_at", "timestamp"}
TEXTS = [
    "plain", "=1+1", "+1", "-1", "@a", "\t=1", "'quoted", "１＝", "123", "1e5", "true", "2026-01-23",
    " spaces ", "two\nlines", "two\r\nlines", "a\rb", 'a "quote", and a comma', "<b>&amp;</b>", "]]>",
    "".join(map(chr, range(32))), "\x7f\x80\x9f", "\u2028\ufeff\ufffe\uffff", "é e\u0301 東京 😀",
    "_x0041_", "_x005F_x0041_", "_x0041_x0042_", "_x0041\x01", "__x000d_", "_X0041_", "_x004G_",
    "http://example.com/?a=1&b=2", "mailto:a@example.com", "internal:Sheet!A1", "{=SUM(1)}",
]
# As members of details, whose cell has 8 characters more.
LONG = [
    "a" * (CELL - 8), "a" * (CELL - 7), "b" * 60_000, "😀" * 14_000, "_x0041_" * 4000, "_x0041_" * 2000,
]


def need(condition, message):
    if not condition:
        sys.exit(f"workbooks: {message}")


def run(binary, *arguments, text=None):
    done = subprocess.run([binary, *arguments], input=text, capture_output=True, text=True)
    need(done.returncode == 0, f"{arguments[0]}: {done.stderr}")
    return done.stdout


def unescaped(text):
    """What an ST_Xstring stands for (ECMA-376 part 1, 22.9.2.19)."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def written(text):
    """How many characters an ST_Xstring takes that stands for a text."""
    escapes = len(re.findall("[\\x00-\\x08\\x0b-\\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4})", text))
    return len(text.encode("utf-16-le")) // 2 + 6 * escapes


def compare_cell(name, wanted, cell, where):
    if name in TIMES and wanted:
        need(cell.is_date and isinstance(cell.value, datetime.datetime), f"{where} is no date")
        time = datetime.datetime.fromisoformat(wanted.replace("Z", "+00:00")).replace(tzinfo=None)
        need(abs(cell.value - time) < datetime.timedelta(milliseconds=1), f"{where}: {cell.value}")
        return
    if not wanted:
        need(cell.value is None, f"{where} is not empty")
        return
    need(cell.data_type in ("s", "inlineStr"), f"{where} is no text but {cell.data_type}")
    found = unescaped(cell.value)
    if written(wanted) <= CELL:
        need(found == wanted, f"{where} is {found[:60]!r} for {wanted[:60]!r}")
        return
    need(len(cell.value.encode("utf-16-le")) // 2 <= CELL, f"{where} is too long")
    need(found.endswith(MARK), f"{where} does not say that it is cut")
    need(wanted.startswith(found.removesuffix(MARK)), f"{where} is no beginning of the text")
    need(written(found) > CELL - 8, f"{where} is cut too short")


def compare(rows, book, manifest, columns):
    need(book.sheetnames == ["Records", "About"], f"sheets {book.sheetnames}")
    sheet = book["Records"]
    last = f"{openpyxl.utils.get_column_letter(len(rows[0]))}{len(rows)}"
    need(sheet.freeze_panes == "A2", "the header is not frozen")
    need(sheet.auto_filter.ref == f"A1:{last}", f"the filter is of {sheet.auto_filter.ref}")
    need(sheet.max_row == len(rows), f"{sheet.max_row} rows for {len(rows)}")
    for number, row in enumerate(rows, 1):
        for column, wanted in enumerate(row, 1):
            name = rows[0][column - 1] if number > 1 else ""
            cell = sheet.cell(number, column)
            compare_cell(name, wanted, cell, f"{columns}: {cell.coordinate}")
    need(all(cell.font.b for cell in sheet[1]), "the header is not bold")
    about = {row[0].value: row[1].value for row in book["About"]}
    facts = {
        "Export": manifest["id"], "Name": "hostile", "Ledger": manifest["origin"],
        "Tenant": manifest["tenant"], "Records": str(len(rows) - 1), "Columns": columns,
        "Size of the ledger": str(manifest["range"]["size"]), "Asked for at": manifest["created_at"],
        "Filter": '{"type":["a.b"]}', "Every record accounted for": "no",
    }
    for name, fact in facts.items():
        need(about.get(name) == fact, f"About: {name} is {about.get(name)}")


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        store = ["--data", f"{folder}/data"]
        events = [
            {
                "type": "a.b", "actor": {"id": f"u{number}"}, "description": text,
                "occurred_at": f"2026-01-23T14:30:00.{number:03}Z",
            }
            for number, text in enumerate(TEXTS)
        ]
        events += [{"type": "a.b", "actor": {"id": "u"}, "details": {"t": text}} for text in LONG]
        lines = "".join(json.dumps(event) + "\n" for event in events)
        run(binary, "import", *store, "-", text=lines)
        cells = 0
        for columns in sys.argv[2:] or ["complete/1"]:
            rest = [*store, "--type", "a.b", "--columns", columns]
            plain = run_bytes(binary, "export", *rest, "--format", "csv", "--formulas", "raw")
            rows = list(csv.reader(io.StringIO(plain.decode(), newline="")))
            need(len(rows) == len(events) + 1, f"{len(rows)} rows of CSV")
            package = f"{folder}/{columns.replace('/', '-')}.zip"
            run(binary, "export", *rest, "--format", "xlsx", "--name", "hostile", "-o", package)
            with zipfile.ZipFile(package) as archive:
                manifest = json.loads(archive.read("manifest.json"))
                book = openpyxl.load_workbook(io.BytesIO(archive.read("events.xlsx")))
            compare(rows, book, manifest, columns)
            cells += sum(map(len, rows))
        print(f"workbooks: {cells} cells are those of the CSV")


def run_bytes(binary, *arguments):
    done = subprocess.run([binary, *arguments], capture_output=True)
    need(done.returncode == 0, f"{arguments[0]}: {done.stderr.decode()}")
    return done.stdout


main(sys.argv[1])
