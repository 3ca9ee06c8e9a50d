//! The permission is the argument's type: a use case takes a `Permit<P>`, and only [`Permit::of`] makes one.

use std::marker::PhantomData;

use crate::auth::actor::{Actor, Role};
use crate::error::AppError;

/// One thing that some roles may do.
pub trait Policy: 'static {
    /// Name in refusals and in the rights matrix test.
    const NAME: &'static str;
    /// Whether a role may do it at all; which hospital or area is asked by the use case and by row-level security.
    fn allows(role: &Role) -> bool;
}

/// Proof that the actor's role may do `P`.
#[derive(Debug, Clone)]
pub struct Permit<P> {
    actor: Actor,
    policy: PhantomData<P>,
}

impl<P: Policy> Permit<P> {
    /// Asks the policy.
    ///
    /// # Errors
    /// `role_not_permitted` when the actor's role may never do this.
    pub fn of(actor: Actor) -> Result<Permit<P>, AppError> {
        if P::allows(actor.role()) {
            Ok(Permit {
                actor,
                policy: PhantomData,
            })
        } else {
            Err(AppError::forbidden(
                "role_not_permitted",
                "この操作を行う権限がありません。必要な場合は、所属の管理者または厚生労働省の担当者にご相談ください。",
            ))
        }
    }

    /// Who holds it.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

macro_rules! policies {
    ($($(#[$doc:meta])* $name:ident = $roles:pat),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}
        impl Policy for $name {
            const NAME: &'static str = stringify!($name);
            fn allows(role: &Role) -> bool {
                matches!(role, $roles)
            }
        }
    )+};
}

use Role::{Hospital, MinistryAdministrator, MinistryAnalyst, Municipality, Operator, Prefecture, System};

policies! {
    /// Know who one is and end one's session.
    ReadSelf = Hospital(_) | Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | Operator,
    /// Read surveys, editions, windows and blank templates.
    ReadSurveys = Hospital(_) | Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | Operator | System,
    /// List the hospitals of a frame.
    ReadHospitals = Hospital(_) | Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | System,
    /// Read what a hospital answered.
    ReadAnswers = Hospital(_) | Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | System,
    /// Submit one hospital's answers, save them as draft and pull them back; a prefecture does it as proxy.
    SubmitAnswers = Hospital(_) | Prefecture(_) | System,
    /// Return answers for correction, and accept them.
    ReviewAnswers = Prefecture(_) | MinistryAdministrator | System,
    /// Check and import a workbook or CSV file.
    ImportAnswers = Hospital(_) | Prefecture(_) | MinistryAdministrator | System,
    /// Ask for files, and follow the jobs that one asked for.
    FollowJobs = Hospital(_) | Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | System,
    /// Read live, unsuppressed tables, rates and their files.
    ReadTables = Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | System,
    /// Have the coded answers themselves, a line a hospital.
    ExportMicroData = Prefecture(_) | MinistryAnalyst | MinistryAdministrator | System,
    /// List releases and have their files; micro-data among them are for the ministry.
    ReadReleases = Hospital(_) | Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | Operator | System,
    /// Publish: make a release.
    MakeReleases = MinistryAdministrator | System,
    /// Count a release again from what it was counted from.
    CheckReleases = MinistryAnalyst | MinistryAdministrator | System,
    /// Open a survey again or extend it.
    GrantTime = MinistryAdministrator | System,
    /// Import the hospital master.
    ImportMaster = MinistryAdministrator | System,
    /// Draw a frame, and take a hospital out of its scope.
    DrawFrame = MinistryAdministrator | System,
    /// Read programmes, quotas, candidates and selections.
    ReadPrograms = Prefecture(_) | MinistryAnalyst | MinistryAdministrator | System,
    /// Open a programme, set its quotas, and decide on requests to move them.
    SetQuotas = MinistryAdministrator | System,
    /// Ask that quota of one's own cells becomes more or less.
    AskForQuota = Prefecture(_),
    /// Choose a prefecture's hospitals.
    ChooseHospitals = Prefecture(_) | System,
    /// Accept a prefecture's list, or return it.
    AcceptLists = MinistryAdministrator | System,
    /// Have the form of a prefecture's list, with whom to call.
    DownloadLists = Prefecture(_) | MinistryAdministrator | System,
    /// Bring in what the contractor reports of supported hospitals, and decide which prefecture sees it.
    BringResults = MinistryAdministrator | System,
    /// Ask to see the results of one's hospitals.
    AskForResults = Prefecture(_),
    /// Learn in which programmes one's own hospital was chosen.
    ReadOwnSupport = Hospital(_),
    /// Make accounts and API clients.
    ManageAccounts = Operator | System,
    /// See who has not answered.
    ReadMissing = Municipality(_) | Prefecture(_) | MinistryAnalyst | MinistryAdministrator | System,
    /// Remind those who have not answered, and see where their mails go.
    RemindHospitals = Municipality(_) | Prefecture(_) | MinistryAdministrator | System,
    /// Make accounts of hospitals in bulk, and see what became of their links.
    InviteHospitals = Prefecture(_) | MinistryAdministrator | System,
    /// Send what stands in the outbox.
    SendMail = System,
    /// Erase names, contacts and uploads whose day is past.
    ErasePersonalData = System,
    /// Read the audit.
    ReadAudit = MinistryAdministrator | Operator | System,
}
