//! What a master changes in the hospitals that are known: a pure function of both, so that a preview and the act cannot differ.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use importer::master::MasterRow;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use survey::area::MunicipalityCode;
use survey::attribute::{Attributes, Place};
use survey::fault::Fault;
use uuid::Uuid;

use crate::db::hospitals::{AliasRow, HospitalRow};
use crate::error::AppError;

/// One thing that becomes different about a hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "on, from and to say what they are; the variants are documented")]
pub enum Change {
    /// It was not known.
    Opened { on: Option<NaiveDate> },
    /// Its day of opening was not known, or was another.
    OpeningDated { from: Option<NaiveDate>, to: NaiveDate },
    /// It is no hospital from this day on.
    Closed { on: NaiveDate },
    /// The same, and another one carries on.
    Merged { on: NaiveDate, successor: String },
    /// It was closed and is not.
    Reopened,
    /// Another name.
    Renamed { from: String, to: String },
    /// Another identifier.
    Recoded {
        alias: &'static str,
        from: Option<String>,
        to: String,
    },
    /// An identifier of before that was not known.
    FormerlyKnownAs { alias: &'static str, value: String },
    /// Another prefecture or municipality.
    Moved { from: String, to: String },
    /// Other beds.
    BedsChanged { from: Option<i32>, to: i32 },
    /// Another value of an attribute; `to` is `None` where a move took it away.
    AttributeChanged {
        attribute: String,
        from: Option<String>,
        to: Option<String>,
    },
}

/// A hospital with its changes.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// G-MIS ID in the file.
    pub gmis_id: String,
    /// Name in the file.
    pub name: String,
    /// In a fixed order.
    pub changes: Vec<Change>,
    /// As it will be.
    #[serde(skip)]
    pub row: HospitalRow,
}

/// A hospital that is known and open, and that the file does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its G-MIS ID, if it bears one.
    pub gmis_id: Option<String>,
    /// Its name.
    pub name: String,
}

/// What is different.
#[derive(Debug, Default)]
pub struct Difference {
    /// By G-MIS ID.
    pub planned: Vec<Planned>,
    /// Hospitals that are as the file says.
    pub unchanged: usize,
    /// Never closed by itself: a file may be of a part of the country.
    pub missing: Vec<Missing>,
}

impl Difference {
    /// How many changes of each kind.
    ///
    /// # Errors
    /// Internal: a change that is no JSON.
    pub fn summary(&self) -> Result<BTreeMap<String, usize>, AppError> {
        let mut summary = BTreeMap::from([("unchanged".to_owned(), self.unchanged), ("missing".to_owned(), self.missing.len())]);
        for change in self.planned.iter().flat_map(|planned| &planned.changes) {
            let change = serde_json::to_value(change).map_err(AppError::internal)?;
            let kind = change.get("kind").and_then(Value::as_str).unwrap_or_default();
            *summary.entry(kind.to_owned()).or_default() += 1;
        }
        Ok(summary)
    }

    /// SHA-256 of the changes.
    ///
    /// # Errors
    /// Internal: a change that is no JSON.
    pub fn hash(&self) -> Result<String, AppError> {
        let bytes = serde_json::to_vec(&(&self.planned, &self.missing)).map_err(AppError::internal)?;
        Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What is known, by identifier.
struct Known<'a> {
    hospitals: BTreeMap<Uuid, &'a HospitalRow>,
    attributes: &'a BTreeMap<Uuid, Attributes>,
    /// Of now and of before.
    owners: BTreeMap<(&'a str, &'a str), Uuid>,
    /// Of now only.
    borne: BTreeMap<(Uuid, &'a str), &'a str>,
}

const GMIS: &str = "gmis_id";
const CODE: &str = "institution_code";

impl<'a> Known<'a> {
    fn new(hospitals: &'a [HospitalRow], aliases: &'a [AliasRow], attributes: &'a BTreeMap<Uuid, Attributes>) -> Known<'a> {
        let in_use = aliases.iter().filter(|alias| alias.valid_to.is_none());
        Known {
            hospitals: hospitals.iter().map(|row| (row.id, row)).collect(),
            attributes,
            owners: aliases
                .iter()
                .map(|alias| ((alias.kind.as_str(), alias.value.as_str()), alias.hospital_id))
                .collect(),
            borne: in_use
                .map(|alias| ((alias.hospital_id, alias.kind.as_str()), alias.value.as_str()))
                .collect(),
        }
    }

    /// The one hospital that a row's identifiers name; `Ok(None)` if they name none.
    fn of(&self, row: &MasterRow) -> Result<Option<Uuid>, Box<Fault>> {
        let owners: BTreeSet<Uuid> = named(row)
            .iter()
            .filter_map(|(kind, value, _)| self.owners.get(&(kind, *value)).copied())
            .collect();
        if owners.len() > 1 {
            let message = "この行の番号（旧番号を含む）は、登録済みの2つ以上の病院のものです。番号を確かめて直してください。";
            return Err(Box::new(at(row, Fault::error("hospital_identity_conflict", message))));
        }
        Ok(owners.into_iter().next())
    }
}

/// The identifiers of a row with their kinds, and whether it bears them now.
fn named(row: &MasterRow) -> Vec<(&'static str, &str, bool)> {
    let gmis = [(Some(&row.gmis), true), (row.former_gmis.as_ref(), false)];
    let codes = [(row.institution_code.as_ref(), true), (row.former_code.as_ref(), false)];
    let gmis = gmis.into_iter().filter_map(|(id, now)| Some((GMIS, id?.as_str(), now)));
    gmis.chain(codes.into_iter().filter_map(|(code, now)| Some((CODE, code?.as_str(), now))))
        .collect()
}

fn at(row: &MasterRow, fault: Fault) -> Fault {
    fault.at(row.sheet.clone(), row.cell.clone()).found(row.gmis.as_str())
}

/// The attributes of each hospital that is known, as the catalogue reads them.
///
/// # Errors
/// Internal: the database holds what the catalogue does not know.
pub fn known_attributes(hospitals: &[HospitalRow]) -> Result<BTreeMap<Uuid, Attributes>, AppError> {
    let read = |row: &HospitalRow| Ok((row.id, Attributes::deserialize(&row.attributes).map_err(AppError::internal)?));
    hospitals.iter().map(read).collect()
}

/// Compares a master with what is known. The new ids are made here and stand in nothing that is shown or hashed.
///
/// # Errors
/// Rows whose identifiers are those of two hospitals, or two rows of one hospital.
pub fn difference(
    rows: &[MasterRow],
    hospitals: &[HospitalRow],
    aliases: &[AliasRow],
    attributes: &BTreeMap<Uuid, Attributes>,
) -> Result<Difference, Vec<Fault>> {
    let known = Known::new(hospitals, aliases, attributes);
    let mut faults = Vec::new();
    let mut ids: BTreeMap<&str, Uuid> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for row in rows {
        match known.of(row) {
            Ok(found) => {
                let id = found.unwrap_or_else(Uuid::now_v7);
                if !taken.insert(id) {
                    let message =
                        "この行の病院は、番号（旧番号を含む）から見て、ファイルの別の行の病院と同じです。どちらかを直してください。";
                    faults.push(at(row, Fault::error("hospital_duplicate", message)));
                }
                ids.insert(row.gmis.as_str(), id);
            }
            Err(fault) => faults.push(*fault),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut difference = Difference::default();
    for row in rows {
        let Some(&id) = ids.get(row.gmis.as_str()) else { continue };
        let successor = row.successor.as_ref().and_then(|gmis| ids.get(gmis.as_str()).copied());
        let planned = planned(row, id, successor, &known);
        if planned.changes.is_empty() {
            difference.unchanged += 1;
        } else {
            difference.planned.push(planned);
        }
    }
    difference.planned.sort_by(|a, b| a.gmis_id.cmp(&b.gmis_id));
    difference.missing = hospitals
        .iter()
        .filter(|hospital| hospital.closed_on.is_none() && !taken.contains(&hospital.id))
        .map(|hospital| Missing {
            gmis_id: known.borne.get(&(hospital.id, GMIS)).map(|id| (*id).to_owned()),
            name: hospital.name.clone(),
        })
        .collect();
    difference.missing.sort_by(|a, b| a.gmis_id.cmp(&b.gmis_id));
    Ok(difference)
}

fn planned(row: &MasterRow, id: Uuid, successor: Option<Uuid>, known: &Known<'_>) -> Planned {
    let old = known.hospitals.get(&id).copied();
    let reason = |_| if successor.is_some() { "merged" } else { "closed" }.to_owned();
    let municipality = municipality(row, old);
    let attributes = Renewal::of(row, old, known.attributes.get(&id), &municipality);
    let new = HospitalRow {
        id,
        name: row.name.clone(),
        prefecture: i16::from(row.prefecture.number()),
        municipality,
        successor_id: successor,
        beds: row.beds.map(|beds| i32::from(beds.number())).or(old.and_then(|old| old.beds)),
        opened_on: row.opened_on.or(old.and_then(|old| old.opened_on)),
        closed_on: row.closed_on,
        close_reason: row.closed_on.map(reason),
        attributes: json!(attributes.now),
    };
    let mut changes = match old {
        Some(old) => of_facts(old, &new),
        None => vec![Change::Opened { on: new.opened_on }],
    };
    if let Some(on) = new.closed_on
        && old.is_none_or(|old| (old.closed_on, old.successor_id) != (new.closed_on, new.successor_id))
    {
        changes.push(match &row.successor {
            Some(successor) => Change::Merged {
                on,
                successor: successor.as_str().to_owned(),
            },
            None => Change::Closed { on },
        });
    }
    changes.extend(of_identifiers(row, id, old.is_none(), known));
    changes.extend(attributes.changes().filter(|_| old.is_some()));
    Planned {
        gmis_id: row.gmis.as_str().to_owned(),
        name: row.name.clone(),
        changes,
        row: new,
    }
}

/// What the file leaves blank it says nothing about; but a municipality does not outlive a move to another prefecture.
fn municipality(row: &MasterRow, old: Option<&HospitalRow>) -> String {
    let stayed = old.filter(|old| old.prefecture == i16::from(row.prefecture.number()));
    match &row.municipality {
        Some(code) => code.as_str().to_owned(),
        None => stayed.map(|old| old.municipality.clone()).unwrap_or_default(),
    }
}

/// The attributes of a hospital before and after.
struct Renewal {
    before: Attributes,
    now: Attributes,
}

impl Renewal {
    fn of(row: &MasterRow, old: Option<&HospitalRow>, known: Option<&Attributes>, municipality: &str) -> Renewal {
        let before = known.cloned().unwrap_or_default();
        let code = |text: &str| MunicipalityCode::parse(text).ok();
        let (then, here) = (old.and_then(|old| code(&old.municipality)), code(municipality));
        let place = |municipality| Place {
            prefecture: row.prefecture,
            municipality,
        };
        let now = before.renewed(&row.attributes, &place(then.as_ref()), &place(here.as_ref()));
        Renewal { before, now }
    }

    fn changes(&self) -> impl Iterator<Item = Change> {
        let before: BTreeMap<&str, &str> = self.before.iter().collect();
        let now: BTreeMap<&str, &str> = self.now.iter().collect();
        let keys: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
        let changes = keys.into_iter().filter_map(move |key| {
            let (from, to) = (before.get(key), now.get(key));
            let owned = |text: Option<&&str>| text.map(|text| (*text).to_owned());
            (from != to).then(|| Change::AttributeChanged {
                attribute: key.to_owned(),
                from: owned(from),
                to: owned(to),
            })
        });
        changes.collect::<Vec<_>>().into_iter()
    }
}

fn of_facts(old: &HospitalRow, new: &HospitalRow) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Some(to) = new.opened_on
        && old.opened_on != Some(to)
    {
        changes.push(Change::OpeningDated { from: old.opened_on, to });
    }
    if old.closed_on.is_some() && new.closed_on.is_none() {
        changes.push(Change::Reopened);
    }
    if old.name != new.name {
        changes.push(Change::Renamed {
            from: old.name.clone(),
            to: new.name.clone(),
        });
    }
    let area = |row: &HospitalRow| format!("{:02} {}", row.prefecture, row.municipality).trim_end().to_owned();
    if area(old) != area(new) {
        changes.push(Change::Moved {
            from: area(old),
            to: area(new),
        });
    }
    if let Some(to) = new.beds
        && old.beds != Some(to)
    {
        changes.push(Change::BedsChanged { from: old.beds, to });
    }
    changes
}

fn of_identifiers(row: &MasterRow, id: Uuid, is_new: bool, known: &Known<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (alias, value, now) in named(row) {
        let borne = known.borne.get(&(id, alias)).copied();
        if now && borne != Some(value) && !is_new {
            changes.push(Change::Recoded {
                alias,
                from: borne.map(str::to_owned),
                to: value.to_owned(),
            });
        }
        if !now && !known.owners.contains_key(&(alias, value)) {
            changes.push(Change::FormerlyKnownAs {
                alias,
                value: value.to_owned(),
            });
        }
    }
    changes
}

/// The identifiers of a kind that planned hospitals bear now, and those that they bore before, as the file has them.
pub fn identifiers(rows: &[MasterRow], planned: &[Planned], kind: &str, now: bool) -> Vec<(Uuid, String)> {
    let ids: BTreeMap<&str, Uuid> = planned.iter().map(|planned| (planned.gmis_id.as_str(), planned.row.id)).collect();
    let of = |row: &MasterRow| {
        let id = ids.get(row.gmis.as_str()).copied();
        let wanted = named(row).into_iter().filter(|(of, _, at)| *of == kind && *at == now);
        wanted.filter_map(|(_, value, _)| Some((id?, value.to_owned()))).collect::<Vec<_>>()
    };
    rows.iter().flat_map(of).collect()
}
