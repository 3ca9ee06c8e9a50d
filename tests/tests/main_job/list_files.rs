//! The files of the nation's lists after the walk from run to acceptance: opened as a clerk opens them, and the contractor's results brought back in.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use calamine::{Data, Reader, Xlsx};
use server::app::programs::lists::files;
use server::app::programs::results::{self, ResultFile};
use server::app::state::State;
use server::auth::actor::Actor;
use server::auth::permit::{Permit, Policy};
use survey::prefecture::PrefectureCode;
use tests::nation::PROGRAM;
use tests::world::done;

fn permit<P: Policy>() -> Permit<P> {
    Permit::of(Actor::system()).unwrap()
}

/// The column of a sheet by its head, as far as something stands in it.
fn column(workbook: &[u8], sheet: &str, head: &str) -> Vec<String> {
    let mut workbook = Xlsx::new(Cursor::new(workbook.to_vec())).unwrap();
    let range = workbook.worksheet_range(sheet).unwrap();
    let mut rows = range.rows();
    let at = rows
        .find_map(|row| row.iter().position(|cell| *cell == Data::String(head.to_owned())))
        .unwrap();
    rows.map(|row| row[at].to_string()).filter(|text| !text.is_empty()).collect()
}

/// Where files are kept that somebody may want to look at.
fn kept(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lists");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Opens workbooks in LibreOffice and prints them, as a clerk would; every one must come out.
fn print(files: &[PathBuf]) {
    let profile = tempfile::tempdir().unwrap();
    let folder = files[0].parent().unwrap();
    let output = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", profile.path().display()))
        .args(["--headless", "--convert-to", "pdf", "--outdir"])
        .arg(folder)
        .args(files)
        .output()
        .expect("these tests need LibreOffice: install libreoffice-calc, so that `soffice` can be started");
    for file in files {
        let printed = std::fs::read(file.with_extension("pdf")).unwrap_or_default();
        assert!(
            printed.starts_with(b"%PDF"),
            "{}: {}",
            file.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Makes all files of accepted lists and brings results back. `replaced`: the prefecture in which one hospital left, who left and who came.
pub async fn check(state: &State, (prefecture, left, came): (PrefectureCode, &str, &str), hospitals: usize) {
    let mut listed = BTreeSet::new();
    let mut form = Vec::new();
    for one in PrefectureCode::all() {
        let bytes = done(files::form(state, &permit(), PROGRAM, one).await);
        let ids = column(&bytes, "別紙様式", "G-MIS ID");
        assert_eq!(column(&bytes, "別紙様式", "選定理由").len(), ids.len(), "{}", one.name());
        listed.extend(ids);
        if one == prefecture {
            form = bytes;
        }
    }
    assert_eq!(listed.len(), hospitals);
    assert!(listed.contains(came) && !listed.contains(left));
    let national = done(files::national(state, &permit(), PROGRAM).await);
    let ids: Vec<String> = column(&national, "支援対象病院", "G-MIS ID");
    assert_eq!(
        (ids.len(), ids.iter().cloned().collect::<BTreeSet<_>>()),
        (hospitals, listed.clone())
    );
    let handed = done(files::hand_over(state, &permit(), PROGRAM).await);
    assert_eq!(column(&handed, "支援対象病院", "G-MIS ID"), ids);
    assert_eq!(column(&handed, "差替え", "外れた病院（G-MIS ID）"), [left]);
    assert_eq!(column(&handed, "差替え", "後任の病院（G-MIS ID）"), [came]);

    let lines: String = column(&handed, "結果報告", "G-MIS ID")
        .iter()
        .map(|gmis| format!("{gmis},実施済,2024-10-01,3,1,計画策定済,\n"))
        .collect();
    let file = ResultFile {
        file_name: "kekka.csv".to_owned(),
        bytes: format!("G-MIS ID,実施状況,調査完了日,外部接続点数,要対応件数,オフラインバックアップ,所見\n{lines}").into_bytes(),
    };
    let report = done(results::bring(state, &permit(), PROGRAM, &file).await);
    assert_eq!((report.hospitals, report.new), (hospitals, hospitals));
    let seen = done(results::list(state, &permit(), PROGRAM, None).await);
    // The one that left is still shown, without a result.
    assert_eq!(
        (seen.len(), seen.iter().filter(|one| one.result.is_none()).count()),
        (hospitals + 1, 1)
    );

    let kept = [
        kept("form.xlsx", &form),
        kept("national.xlsx", &national),
        kept("hand_over.xlsx", &handed),
    ];
    tokio::task::spawn_blocking(move || print(&kept)).await.unwrap();
}
