//! What the notices ask of whom, restated by hand as SQL over `answers`: it must not be taken from the questionnaires as data, or an error there
//! would stand on both sides of every comparison.

/// What an answer looks like, with the option keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A string: one of these.
    One(&'static [&'static str]),
    /// An array of these.
    Several(&'static [&'static str]),
    /// Any string; its one option is that it was given.
    Text,
}

/// A question that is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) key: &'static str,
    pub(crate) form: Form,
    /// Of whom: a condition on `answers`.
    pub(crate) of: &'static str,
}

impl Asked {
    /// The option keys in the order of the questionnaire.
    pub(crate) fn options(&self) -> &'static [&'static str] {
        match self.form {
            Form::One(options) | Form::Several(options) => options,
            Form::Text => &["given"],
        }
    }
}

const fn one(key: &'static str, options: &'static [&'static str], of: &'static str) -> Asked {
    Asked {
        key,
        form: Form::One(options),
        of,
    }
}

const fn yes_no(key: &'static str, of: &'static str) -> Asked {
    one(key, &["yes", "no"], of)
}

const EVERYBODY: &str = "true";
/// 2022, guide, No. 3: 使用していない場合、.. 回答不要. 無回答 at the gate, which only a prefecture writes, tells nothing: what is given is kept.
const WITH_EHR: &str = "answers ->> 'ehr_in_use' IN ('yes', 'no_answer')";
/// 2022, guide, No. 8: 設置されていない場合、以降の設問は回答不要.
const WITH_VPN: &str = "answers ->> 'vpn_present' IN ('yes', 'no_answer')";
/// 2024, guide, Q10: いいえ を選択した場合はQ11へ.
const WITH_BCP: &str = "answers ->> 'bcp_defined' IN ('yes', 'no_answer')";
/// 2024, guide, Q12, which is itself asked of those with an EHR. Behind an EHR of 無回答 it may be left out, which is as open as 無回答.
const WITH_BACKUP: &str = "answers ->> 'ehr_in_use' IN ('yes', 'no_answer') \
    AND coalesce(answers ->> 'ehr_backup', 'no_answer') IN ('yes', 'no_answer')";

const THREE: &[&str] = &["three_or_more", "two", "one"];

/// The notice of 21 January 2022, items 2 to 14.
pub(crate) const OF_2022: [Asked; 13] = [
    yes_no("guideline_in_use", EVERYBODY),
    yes_no("ehr_in_use", EVERYBODY),
    yes_no("ehr_backup", WITH_EHR),
    yes_no("backup_generations_kept", WITH_EHR),
    yes_no("backup_disaster_separated", WITH_EHR),
    yes_no("backup_leak_protection", WITH_EHR),
    yes_no("vpn_present", EVERYBODY),
    Asked {
        key: "vpn_devices",
        form: Form::Text,
        of: WITH_VPN,
    },
    yes_no("vpn_updates_applied", WITH_VPN),
    yes_no("vpn_source_ip_restricted", WITH_VPN),
    yes_no("vpn_access_log_reviewed", WITH_VPN),
    // Not about VPNs: free without one, but asked of all.
    yes_no("emergency_procedure_drilled", EVERYBODY),
    yes_no("security_officer_placed", EVERYBODY),
];

/// The notice of 31 January 2024, Q2 to Q13-2.
pub(crate) const OF_2024: [Asked; 20] = [
    yes_no("safety_manager_placed", EVERYBODY),
    yes_no("information_policy_defined", EVERYBODY),
    yes_no("responsibility_boundary_agreed", EVERYBODY),
    yes_no("network_map_known", EVERYBODY),
    Asked {
        key: "consultation_desk",
        form: Form::Several(&[
            "own_institution",
            "vendor",
            "other_institution",
            "other",
            "none_wanted",
            "none_unwanted",
        ]),
        of: EVERYBODY,
    },
    yes_no("incident_contacts_known", EVERYBODY),
    yes_no("alerts_collected", EVERYBODY),
    yes_no("mds_sds_checked", EVERYBODY),
    yes_no("bcp_defined", EVERYBODY),
    yes_no("bcp_drilled", WITH_BCP),
    yes_no("ehr_in_use", EVERYBODY),
    yes_no("ehr_backup", WITH_EHR),
    one("backup_frequency", &["daily", "weekly", "monthly", "yearly", "other"], WITH_BACKUP),
    one("backup_copies", THREE, WITH_BACKUP),
    one("backup_generations", THREE, WITH_BACKUP),
    one("backup_media_kinds", THREE, WITH_BACKUP),
    yes_no("backup_offline", WITH_BACKUP),
    yes_no("backup_leak_protection", WITH_BACKUP),
    yes_no("server_services_stopped", EVERYBODY),
    yes_no("client_services_stopped", EVERYBODY),
];

/// The counted questions of a survey.
pub(crate) fn questions(survey: &str) -> &'static [Asked] {
    match survey {
        "2022" => &OF_2022,
        _ => &OF_2024,
    }
}

/// Bed classes of `frame.beds`: those that results are published in, and those of the support programme.
pub(crate) const SURVEY_BAND: &str = "CASE WHEN f.beds BETWEEN 20 AND 99 THEN '20-99' WHEN f.beds BETWEEN 100 AND 199 THEN '100-199' \
    WHEN f.beds BETWEEN 200 AND 299 THEN '200-299' WHEN f.beds BETWEEN 300 AND 399 THEN '300-399' WHEN f.beds BETWEEN 400 AND 499 THEN '400-499' \
    WHEN f.beds >= 500 THEN '500+' END";
/// See [`SURVEY_BAND`].
pub(crate) const PROGRAM_BAND: &str =
    "CASE WHEN f.beds BETWEEN 20 AND 199 THEN '20-199' WHEN f.beds BETWEEN 200 AND 399 THEN '200-399' WHEN f.beds >= 400 THEN '400+' END";

#[test]
fn every_coded_question_and_option_of_the_surveys_is_restated_here() {
    for survey in survey::compiled_in() {
        let coded: Vec<(&str, Vec<&str>)> = survey
            .questions()
            .iter()
            .filter(|question| question.is_coded())
            .map(|question| {
                (
                    question.key.as_str(),
                    question.choices().iter().map(|choice| choice.key.as_str()).collect(),
                )
            })
            .collect();
        let restated: Vec<(&str, Vec<&str>)> = questions(survey.id().as_str())
            .iter()
            .map(|question| (question.key, question.options().to_vec()))
            .collect();
        assert_eq!(coded, restated);
    }
}
