//! The pictures in the documents are what the commands draw of the made nation: bars by band, the map of the prefectures, the years.

use std::path::Path;

use tests::binary;
use tests::database::TestDatabase;

use crate::one_cell::stdout;

/// The file in `docs/images`, and the command that draws it.
const PICTURES: [(&str, &[&str]); 3] = [
    (
        "ehr-by-band.svg",
        &[
            "tabulate",
            "--survey",
            "2024",
            "--question",
            "ehr_in_use",
            "--by",
            "band",
            "--estimates",
        ],
    ),
    (
        "ehr-by-prefecture.svg",
        &["tabulate", "--survey", "2024", "--question", "ehr_in_use", "--by", "prefecture"],
    ),
    (
        "ehr-trend.svg",
        &[
            "trend",
            "--from",
            "2022",
            "--to",
            "2024",
            "--question",
            "ehr_in_use",
            "--by",
            "band",
        ],
    ),
];

/// When a picture changes on purpose: look at the new one, and copy it from the folder that the message names.
#[tokio::test(flavor = "multi_thread")]
async fn the_documents_show_what_the_commands_draw() {
    let database = TestDatabase::nation().await;
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images");
    let drawn = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&drawn).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut others = Vec::new();
    for (name, command) in PICTURES {
        let file = drawn.join(name);
        let mut chosa = binary::command();
        chosa
            .env("DATABASE_URL", database.application_url())
            .env("CHOSA_DATA_FOLDER", folder.path());
        stdout(&chosa.args(command).arg("--picture").arg(&file).output().unwrap());
        let (new, kept) = (std::fs::read_to_string(&file).unwrap(), std::fs::read_to_string(images.join(name)));
        if !kept.is_ok_and(|kept| kept == new) {
            others.push(format!("{} is not docs/images/{name}", file.display()));
        }
    }
    assert_eq!(others, Vec::<String>::new());
}
