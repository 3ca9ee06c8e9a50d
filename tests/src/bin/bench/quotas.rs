//! Quotas computed from a total against the same method in plain Python, and the whole national selection against one table of the same snapshot.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use analytics::quota::{Bounds, Request, Rounding, biproportional, divisors_prove, largest_remainder};
use analytics::selection::list::Discard;
use analytics::selection::{self, CandidateHospital, Criteria, Quota};
use analytics::{By, TableRequest};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use server::app::programs::quotas::compute::{self, Storing};
use server::app::programs::quotas::proposal::{Ask, Method};
use server::app::programs::{self, NewProgram, Terms, candidates, choosing};
use server::app::state::State;
use server::app::statistics;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::area::Area;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;
use tests::nation::state_at;
use tests::world::{done, survey_of};

use crate::cluster::Cluster;
use crate::report::Report;
use crate::{imports, made};

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/quotas.py");
/// The programme that is chosen for.
const PROGRAM: &str = "bench";
/// Hospitals that are supported in a year.
const TOTAL: u64 = 2_000;

/// A question that both sides answer.
struct Country {
    name: String,
    weights: Vec<Vec<u64>>,
    row_totals: Vec<u64>,
    column_totals: Vec<u64>,
}

impl Country {
    /// Totals in proportion to the weights, by the largest remainders; caps are the weights.
    fn of(name: &str, weights: Vec<Vec<u64>>, total: u64) -> Country {
        let rows: Vec<u64> = weights.iter().map(|row| row.iter().sum()).collect();
        let columns: Vec<u64> = (0..weights[0].len())
            .map(|column| weights.iter().map(|row| row[column]).sum())
            .collect();
        let totals = |sums: &[u64]| largest_remainder(sums, total, Bounds::default()).unwrap().seats;
        Country {
            name: format!(
                "quotas of {} x {}, {total} from {}, {name}",
                rows.len(),
                columns.len(),
                rows.iter().sum::<u64>()
            ),
            row_totals: totals(&rows),
            column_totals: totals(&columns),
            weights,
        }
    }

    /// Beds of the made nation's hospitals by prefecture and the programme's bands.
    fn nation() -> Country {
        let mut weights = vec![vec![0; Banding::Program.bands().len()]; 47];
        for hospital in made::frame(made::NATION) {
            if let Some(band) = Banding::Program.band_of(hospital.beds) {
                weights[usize::from(hospital.prefecture.number()) - 1][band] += 1;
            }
        }
        Country::of("the made nation", weights, TOTAL)
    }

    /// Uneven and with many equal weights, so that there are ties; the same in every run.
    fn large() -> Country {
        let weight = |row: u64, column: u64| 1 + (row * 7_919 + column * 104_729) % 97 * (1 + column % 4);
        let weights: Vec<Vec<u64>> = (0..2_000).map(|row| (0..10).map(|column| weight(row, column)).collect()).collect();
        let all: u64 = weights.iter().flatten().sum();
        Country::of("a made country", weights, all / 4)
    }

    fn request(&self) -> Request<'_> {
        Request {
            weights: &self.weights,
            row_totals: &self.row_totals,
            column_totals: &self.column_totals,
            lower: None,
            upper: Some(&self.weights),
            rounding: Rounding::Standard,
        }
    }

    /// Seconds of ours, proved.
    fn ours(&self) -> (f64, Vec<Vec<u64>>) {
        let begin = Instant::now();
        let found = biproportional(&self.request()).unwrap();
        let seconds = begin.elapsed().as_secs_f64();
        assert!(divisors_prove(
            &self.request(),
            &found.seats,
            &found.row_divisors,
            &found.column_divisors
        ));
        (seconds, found.seats)
    }

    /// Seconds of the peer, which proves its own and has to give the same seats.
    fn peer(&self, python: &Path, folder: &Path, seats: &[Vec<u64>]) -> f64 {
        let path = folder.join("quotas.json");
        let asked =
            json!({"weights": self.weights, "row_totals": self.row_totals, "column_totals": self.column_totals, "upper": self.weights});
        std::fs::write(&path, asked.to_string()).unwrap();
        let output = Command::new(python).arg(PEER).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["proved"], true, "{}", self.name);
        assert_eq!(said["seats"], json!(seats), "{}", self.name);
        said["seconds"].as_f64().unwrap()
    }
}

/// Ours against Python, each in turn.
pub fn quotas(folder: &Path, python: Option<&Path>, repetitions: usize, report: &mut Report) {
    let python = python.unwrap_or(Path::new("python3"));
    for country in [Country::nation(), Country::large()] {
        let (mut ours, mut peers, mut ratios) = (vec![], vec![], vec![]);
        for _ in 0..repetitions {
            let (seconds, seats) = country.ours();
            let peer = country.peer(python, folder, &seats);
            ours.push(seconds * 1_000.0);
            peers.push(peer * 1_000.0);
            ratios.push(peer / seconds);
        }
        report.add(format!("{}: ours", country.name), "ms", ours, "");
        report.add(format!("{}: plain Python", country.name), "ms", peers, "");
        report.add(format!("{}: Python / ours", country.name), "times", ratios, "");
    }
}

/// All prefectures chosen, in memory and with everything that is read and kept, against one table of the same answers.
pub async fn national(cluster: &Cluster, hospitals: usize, repetitions: usize, report: &mut Report) {
    let template = cluster.make("selection", hospitals).await;
    let database = cluster.copy(&template).await;
    imports::import(cluster, &database, &made::workbook(hospitals), hospitals, false).await;
    let state = state_at(&database.application_url, Utc::now()).await;
    open(&state, hospitals).await;
    let inputs = inputs(&state).await;
    let count: usize = inputs.iter().map(|(candidates, _)| candidates.len()).sum();
    report.condition("candidates_of_the_national_selection", count);
    let criteria = Criteria::national().unwrap();
    let (mut tables, mut pure, mut stored, mut in_tables, mut stored_in_tables) = (vec![], vec![], vec![], vec![], vec![]);
    for repetition in 0..=repetitions {
        let table = table(&state).await;
        let begin = Instant::now();
        let chosen: usize = inputs
            .iter()
            .map(|(candidates, quotas)| choose(candidates, quotas, &criteria))
            .sum();
        let in_memory = begin.elapsed().as_secs_f64();
        assert!(chosen > 0);
        let begin = Instant::now();
        for prefecture in PrefectureCode::all() {
            let permit = Permit::of(Actor::system()).unwrap();
            done(choosing::choose(&state, &permit, PROGRAM, prefecture, Discard::Nothing, None).await);
        }
        let whole = begin.elapsed().as_secs_f64();
        if repetition > 0 {
            tables.push(table * 1_000.0);
            pure.push(in_memory * 1_000.0);
            stored.push(whole * 1_000.0);
            in_tables.push(in_memory / table);
            stored_in_tables.push(whole / table);
        }
    }
    drop(state);
    cluster.drop(database).await;
    report.add(format!("a table of {hospitals} hospitals by prefecture and band"), "ms", tables, "");
    report.add("choosing in all 47 prefectures, in memory", "ms", pure, "");
    report.add("choosing in all 47 prefectures, read, chosen and kept", "ms", stored, "");
    report.add("choosing in memory / a table", "times", in_tables, "");
    report.add("choosing, read and kept / a table", "times", stored_in_tables, "");
}

fn choose(candidates: &[CandidateHospital], quotas: &[Quota], criteria: &Criteria) -> usize {
    let selection = selection::choose(candidates, quotas, criteria).unwrap();
    selection.cells.iter().map(|cell| cell.chosen.len()).sum()
}

/// A programme with quotas for a quarter of the hospitals, as 2,000 are of the nation.
async fn open(state: &State, hospitals: usize) {
    let new = NewProgram {
        id: PROGRAM.to_owned(),
        fiscal_year: 2024,
        title: "測定".to_owned(),
        surveys: vec![made::SURVEY.to_owned()],
        use_rule: "測定のため".to_owned(),
        deadline: Utc::now() + TimeDelta::days(30),
        terms: Terms::default(),
    };
    done(programs::open(state, &Permit::of(Actor::system()).unwrap(), &new).await);
    let ask = Ask {
        total: Some(TOTAL * hospitals as u64 / made::NATION as u64),
        method: Method::LargestRemainder,
        rounding: Rounding::Standard,
        prefecture_totals: None,
        band_totals: None,
        at_least: 0,
        lower: Vec::new(),
    };
    done(compute::store(state, &Permit::of(Actor::system()).unwrap(), PROGRAM, &ask, &Storing::default()).await);
}

/// Candidates and quotas of every prefecture, as choosing reads them.
async fn inputs(state: &State) -> Vec<(Vec<CandidateHospital>, Vec<Quota>)> {
    let permit = Permit::of(Actor::system()).unwrap();
    let in_force = done(programs::quotas::list(state, &permit, PROGRAM).await);
    let mut inputs = Vec::new();
    for prefecture in PrefectureCode::all() {
        let listed = done(candidates::list(state, &permit, PROGRAM, prefecture).await);
        let of_prefecture = in_force.iter().filter(|row| row.prefecture == i16::from(prefecture.number()));
        let quotas = of_prefecture.map(|row| Quota {
            prefecture,
            band: row.band.clone(),
            hospitals: u32::try_from(row.hospitals).unwrap(),
        });
        let candidates = listed.candidates.into_iter().map(|scored| scored.candidate);
        inputs.push((candidates.collect(), quotas.collect()));
    }
    inputs
}

/// Seconds of a table from the warm snapshot.
async fn table(state: &State) -> f64 {
    let request = || TableRequest {
        question: "backup_copies".into(),
        area: Area::Nation,
        by: By::PREFECTURE_BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: false,
    };
    let permit = Permit::of(Actor::system()).unwrap();
    let survey = survey_of(made::SURVEY);
    done(statistics::table(state, &permit, survey, request()).await);
    let begin = Instant::now();
    done(statistics::table(state, &permit, survey, request()).await);
    begin.elapsed().as_secs_f64()
}
