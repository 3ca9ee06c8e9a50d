#!/bin/sh
# Makes every other file of this folder out of the two .fods files. Needs LibreOffice (soffice), python3 and iconv. See README.md.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Formulas of .xlsx are calculated when the file is opened; otherwise the .xls made of it would hold 0 for each.
mkdir -p "$work/profile/user"
cat > "$work/profile/user/registrymodifications.xcu" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
XML
for name in answers master1904; do
    for format in xlsx ods; do
        soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to "$format" --outdir "$work" "$name.fods" >/dev/null 2>&1
    done
    soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to xls --outdir "$work" "$work/$name.xlsx" >/dev/null 2>&1
    cp "$work/$name.xlsx" "$work/$name.ods" "$work/$name.xls" .
done
# Separator comma, quotes, UTF-8, the first sheet, as shown.
soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1" \
    --outdir "$work" answers.fods >/dev/null 2>&1
python3 - "$work" <<'PYTHON'
import csv, io, pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
text = next(work.glob("answers*.csv")).read_text(encoding="utf-8-sig").replace("\r\n", "\n")
rows = list(csv.reader(io.StringIO(text)))

def table(separator):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return out.getvalue()

def write(name, data):
    pathlib.Path(name).write_bytes(data)

write("answers.utf8.csv", table(",").encode("utf-8"))
write("answers.bom.csv", table(",").encode("utf-8-sig"))
write("answers.cp932.csv", table(",").encode("cp932"))
write("answers.utf8.tsv", table("\t").encode("utf-8"))
write("answers.utf16le.tsv", b"\xff\xfe" + table("\t").encode("utf-16-le"))
write("answers.utf16be.csv", b"\xfe\xff" + table(",").encode("utf-16-be"))
# A part of the name that macros have, and its type; there is no macro in it.
with zipfile.ZipFile("answers.xlsx") as source, zipfile.ZipFile("answers.xlsm", "w", zipfile.ZIP_DEFLATED) as target:
    for entry in source.infolist():
        data = source.read(entry)
        if entry.filename == "[Content_Types].xml":
            data = data.replace(b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml")
            data = data.replace(b"</Types>", b'<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>')
        if entry.filename == "xl/_rels/workbook.xml.rels":
            relation = b'<Relationship Id="rIdMacros" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/>'
            data = data.replace(b"</Relationships>", relation + b"</Relationships>")
        target.writestr(zipfile.ZipInfo(entry.filename, (2024, 1, 31, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    target.writestr(zipfile.ZipInfo("xl/vbaProject.bin", (2024, 1, 31, 0, 0, 0)), b"no macro in here", zipfile.ZIP_DEFLATED)
PYTHON
