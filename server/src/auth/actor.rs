//! Who is asking. An actor is made from an account row, a token or by the program itself; it knows nothing of HTTP.

use std::net::IpAddr;

use survey::area::{Area, MunicipalityCode};
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

/// The part that an actor plays, with the hospital or area that it speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A clerk of one hospital.
    Hospital(Uuid),
    /// A health-centre city or special ward: sees and chases, never selects.
    Municipality(MunicipalityCode),
    /// A prefecture's staff.
    Prefecture(PrefectureCode),
    /// Reads the nation's numbers.
    MinistryAnalyst,
    /// Opens, extends, sets quotas.
    MinistryAdministrator,
    /// Keeps the machine; sees no answers.
    Operator,
    /// The program itself: scheduled jobs and commands on the machine.
    System,
}

impl Role {
    /// The role of a name and of what stands beside it in the database; `None` if they do not belong together.
    pub fn of_parts(name: &str, hospital: Option<Uuid>, prefecture: Option<i16>, municipality: Option<&str>) -> Option<Role> {
        Some(match name {
            "hospital" => Role::Hospital(hospital?),
            "municipality" => Role::Municipality(MunicipalityCode::parse(municipality?).ok()?),
            "prefecture" => Role::Prefecture(PrefectureCode::new(u8::try_from(prefecture?).ok()?).ok()?),
            "ministry_analyst" => Role::MinistryAnalyst,
            "ministry_administrator" => Role::MinistryAdministrator,
            "operator" => Role::Operator,
            "system" => Role::System,
            _ => return None,
        })
    }

    /// The word in database settings, audit rows and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Role::Hospital(_) => "hospital",
            Role::Municipality(_) => "municipality",
            Role::Prefecture(_) => "prefecture",
            Role::MinistryAnalyst => "ministry_analyst",
            Role::MinistryAdministrator => "ministry_administrator",
            Role::Operator => "operator",
            Role::System => "system",
        }
    }
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    account: Option<Uuid>,
    role: Role,
    origin: Option<IpAddr>,
}

impl Actor {
    /// The actor of an account.
    pub fn of_account(account: Uuid, role: Role) -> Actor {
        Actor {
            account: Some(account),
            role,
            origin: None,
        }
    }

    /// Who asked for something that is done later.
    pub fn of_row(account: Option<Uuid>, role: Role) -> Actor {
        Actor {
            account,
            role,
            origin: None,
        }
    }

    /// The program itself.
    pub fn system() -> Actor {
        Actor {
            account: None,
            role: Role::System,
            origin: None,
        }
    }

    /// The same actor, asking from a network address.
    #[must_use]
    pub fn asking_from(self, origin: Option<IpAddr>) -> Actor {
        Actor { origin, ..self }
    }

    /// The network address that it asks from; `None` for commands and jobs.
    pub fn origin(&self) -> Option<IpAddr> {
        self.origin
    }

    /// The account; `None` for the system.
    pub fn account(&self) -> Option<Uuid> {
        self.account
    }

    /// The part that it plays.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// The hospital that it speaks for, if it speaks for one.
    pub fn hospital(&self) -> Option<Uuid> {
        match self.role {
            Role::Hospital(id) => Some(id),
            _ => None,
        }
    }

    /// The area whose unsuppressed numbers it may see; `None`: of no area.
    pub fn area(&self) -> Option<Area> {
        match &self.role {
            Role::Municipality(code) => Some(Area::Municipality(code.clone())),
            Role::Prefecture(code) => Some(Area::Prefecture(*code)),
            Role::MinistryAnalyst | Role::MinistryAdministrator | Role::System => Some(Area::Nation),
            Role::Hospital(_) | Role::Operator => None,
        }
    }
}
