//! Who may do what, operation by operation: status, and code where it is refused. Reads like the table of DESIGN's "who sees what"; decides nothing.

/// The outcomes for one's own hospital or area, for another hospital in the same prefecture, and for another prefecture.
pub type Outcomes = [&'static str; 3];

/// The rows of one operation.
pub struct Rights {
    pub operation: &'static str,
    pub hospital: Outcomes,
    pub municipality: Outcomes,
    pub prefecture: Outcomes,
    pub ministry_analyst: Outcomes,
    pub ministry_administrator: Outcomes,
    pub operator: Outcomes,
    /// Without any token.
    pub nobody: &'static str,
    /// With a token that is expired, forged, or of a session that was ended.
    pub bad_token: &'static str,
}

const OK: Outcomes = ["200"; 3];
const CREATED: Outcomes = ["201"; 3];
const NEVER: Outcomes = ["403 role_not_permitted"; 3];
const UNKNOWN_HOSPITAL: &str = "404 hospital_unknown";
const NOT_POSSIBLE: &str = "409 step_not_possible";
const UNKNOWN_IMPORT: &str = "404 import_unknown";
/// Micro-data of a release: for the ministry.
const NO_RELEASE_FILE: &str = "404 release_file_unknown";
const UNKNOWN_JOB: &str = "404 job_unknown";
const NOT_YOUR_AREA: &str = "403 area_not_yours";
const NOT_YOUR_PREFECTURE: &str = "403 prefecture_not_yours";

/// For everybody who is signed in; the others are written as differences to this.
const SIGNED_IN: Rights = Rights {
    operation: "",
    hospital: OK,
    municipality: OK,
    prefecture: OK,
    ministry_analyst: OK,
    ministry_administrator: OK,
    operator: OK,
    nobody: "401 token_missing",
    bad_token: "401 token_invalid",
};

/// For nobody at all.
const NOBODY: Rights = Rights {
    hospital: NEVER,
    municipality: NEVER,
    prefecture: NEVER,
    ministry_analyst: NEVER,
    ministry_administrator: NEVER,
    operator: NEVER,
    ..SIGNED_IN
};

/// For everybody, signed in or not.
const fn public(operation: &'static str, outcome: &'static str) -> Rights {
    Rights {
        operation,
        hospital: [outcome; 3],
        municipality: [outcome; 3],
        prefecture: [outcome; 3],
        ministry_analyst: [outcome; 3],
        ministry_administrator: [outcome; 3],
        operator: [outcome; 3],
        nobody: outcome,
        bad_token: outcome,
    }
}

const fn signed_in(operation: &'static str) -> Rights {
    Rights { operation, ..SIGNED_IN }
}

/// Live numbers of an area.
const fn live_numbers(operation: &'static str) -> Rights {
    Rights {
        operation,
        hospital: NEVER,
        municipality: ["200", NOT_YOUR_AREA, NOT_YOUR_AREA],
        prefecture: ["200", "200", NOT_YOUR_AREA],
        operator: NEVER,
        ..SIGNED_IN
    }
}

/// What belongs to a programme as a whole.
const fn of_program(operation: &'static str) -> Rights {
    Rights {
        operation,
        hospital: NEVER,
        municipality: NEVER,
        operator: NEVER,
        ..SIGNED_IN
    }
}

/// What belongs to a prefecture in a programme.
const fn of_prefecture(operation: &'static str) -> Rights {
    Rights {
        prefecture: ["200", "200", NOT_YOUR_PREFECTURE],
        ..of_program(operation)
    }
}

/// What a prefecture alone does, for itself: what comes of it the first time and the second.
const fn by_prefecture(operation: &'static str, first: &'static str, second: &'static str) -> Rights {
    Rights {
        operation,
        prefecture: [first, second, NOT_YOUR_PREFECTURE],
        ..NOBODY
    }
}

/// What is read of a hospital.
const fn of_hospital(operation: &'static str) -> Rights {
    Rights {
        operation,
        hospital: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        municipality: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: ["200", "200", UNKNOWN_HOSPITAL],
        operator: NEVER,
        ..SIGNED_IN
    }
}

/// What somebody asked for is theirs alone: of the world's two jobs one is the prefecture's.
const fn of_jobs(operation: &'static str) -> Rights {
    Rights {
        operation,
        hospital: [UNKNOWN_JOB; 3],
        municipality: [UNKNOWN_JOB; 3],
        prefecture: ["200", UNKNOWN_JOB, UNKNOWN_JOB],
        ministry_analyst: [UNKNOWN_JOB; 3],
        ministry_administrator: [UNKNOWN_JOB; 3],
        ..NOBODY
    }
}

const fn administrator_only(operation: &'static str, outcome: Outcomes) -> Rights {
    Rights {
        operation,
        ministry_administrator: outcome,
        ..NOBODY
    }
}

/// Every operation of the API.
pub static MATRIX: [Rights; 106] = [
    public("live", "204"),
    public("ready", "204"),
    public("create_session", "201"),
    public("create_token", "201"),
    public("list_receipt_keys", "200"),
    public("verify_receipt", "200"),
    Rights {
        operation: "delete_session",
        hospital: ["204"; 3],
        municipality: ["204"; 3],
        prefecture: ["204"; 3],
        ministry_analyst: ["204"; 3],
        ministry_administrator: ["204"; 3],
        operator: ["204"; 3],
        ..SIGNED_IN
    },
    signed_in("read_me"),
    signed_in("list_surveys"),
    signed_in("read_survey"),
    signed_in("read_edition"),
    signed_in("read_schema"),
    signed_in("list_indicators"),
    signed_in("list_attributes"),
    signed_in("download_template"),
    of_hospital("download_hospital_template"),
    Rights {
        operation: "download_area_template",
        operator: NEVER,
        ..SIGNED_IN
    },
    administrator_only("open_window", CREATED),
    administrator_only("close_window", OK),
    administrator_only("grant_extension", CREATED),
    signed_in("list_extensions"),
    // Only those that one may see are in the list: the bodies are compared.
    Rights {
        operation: "list_hospitals",
        operator: NEVER,
        ..SIGNED_IN
    },
    administrator_only("import_master", OK),
    // The survey's frame is drawn already: a right that is there, and an act that is not possible any more.
    administrator_only("draw_frame", ["409 frame_drawn"; 3]),
    administrator_only("drop_from_scope", ["204"; 3]),
    Rights {
        operation: "download_annotated",
        hospital: ["200", UNKNOWN_IMPORT, UNKNOWN_IMPORT],
        prefecture: ["200", UNKNOWN_IMPORT, UNKNOWN_IMPORT],
        ministry_administrator: OK,
        ..NOBODY
    },
    Rights {
        operation: "read_submission",
        hospital: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        municipality: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: ["200", "200", UNKNOWN_HOSPITAL],
        operator: NEVER,
        ..SIGNED_IN
    },
    Rights {
        operation: "read_receipt",
        hospital: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        municipality: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: ["200", "200", UNKNOWN_HOSPITAL],
        operator: NEVER,
        ..SIGNED_IN
    },
    Rights {
        operation: "submit_answers",
        hospital: ["201", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: ["201", "201", UNKNOWN_HOSPITAL],
        ..NOBODY
    },
    // What a prefecture types is apart from what the hospital types; of the first hospital it has typed nothing.
    Rights {
        operation: "read_draft",
        hospital: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: ["404 draft_missing", "200", UNKNOWN_HOSPITAL],
        ..NOBODY
    },
    Rights {
        operation: "save_draft",
        hospital: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: ["200", "200", UNKNOWN_HOSPITAL],
        ..NOBODY
    },
    Rights {
        operation: "discard_draft",
        hospital: ["204", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: ["204", "204", UNKNOWN_HOSPITAL],
        ..NOBODY
    },
    // What the prefecture accepted before cannot be accepted again: a right that is there, and a step that is not possible any more.
    Rights {
        operation: "accept_answers",
        prefecture: ["200", "200", UNKNOWN_HOSPITAL],
        ministry_administrator: [NOT_POSSIBLE, NOT_POSSIBLE, "200"],
        ..NOBODY
    },
    Rights {
        operation: "return_answers",
        prefecture: ["200", "200", UNKNOWN_HOSPITAL],
        ministry_administrator: OK,
        ..NOBODY
    },
    // The hospital has pulled its own back before the prefecture tries.
    Rights {
        operation: "withdraw_answers",
        hospital: ["200", UNKNOWN_HOSPITAL, UNKNOWN_HOSPITAL],
        prefecture: [NOT_POSSIBLE, "200", UNKNOWN_HOSPITAL],
        ..NOBODY
    },
    // A line may name anybody: those of others get the verdict rejected, as in a file.
    Rights {
        operation: "submit_batch",
        hospital: OK,
        prefecture: OK,
        ..NOBODY
    },
    // A file may name anybody: those of others get the verdict rejected, which the bodies are compared for.
    Rights {
        operation: "import_answers",
        hospital: CREATED,
        prefecture: CREATED,
        ministry_administrator: CREATED,
        ..NOBODY
    },
    of_jobs("read_job"),
    of_jobs("follow_job"),
    of_jobs("download_job_file"),
    // Statistics of an area: the templates that one may ask for too hold what one may see.
    Rights {
        operation: "request_export",
        municipality: ["201", NOT_YOUR_AREA, NOT_YOUR_AREA],
        prefecture: ["201", "201", NOT_YOUR_AREA],
        ministry_analyst: CREATED,
        ministry_administrator: CREATED,
        ..NOBODY
    },
    Rights {
        operation: "list_imports",
        hospital: OK,
        prefecture: OK,
        ministry_administrator: OK,
        ..NOBODY
    },
    Rights {
        operation: "read_import",
        hospital: ["200", UNKNOWN_IMPORT, UNKNOWN_IMPORT],
        prefecture: ["200", UNKNOWN_IMPORT, UNKNOWN_IMPORT],
        ministry_administrator: OK,
        ..NOBODY
    },
    // A line may name anybody: those of others get the verdict hospital_unknown, which the bodies are compared for.
    Rights {
        operation: "create_enrolments",
        prefecture: OK,
        ministry_administrator: OK,
        ..NOBODY
    },
    Rights {
        operation: "list_enrolments",
        prefecture: OK,
        ministry_administrator: OK,
        ..NOBODY
    },
    // With a link that opens nothing.
    public("redeem_enrolment", "404 link_invalid"),
    public("reset_password", "202"),
    live_numbers("list_missing"),
    Rights {
        operation: "send_reminders",
        municipality: ["201", NOT_YOUR_AREA, NOT_YOUR_AREA],
        prefecture: ["201", "201", NOT_YOUR_AREA],
        ministry_administrator: CREATED,
        ..NOBODY
    },
    live_numbers("read_table"),
    live_numbers("read_response_rates"),
    live_numbers("read_trend"),
    live_numbers("download_statistics"),
    Rights {
        operation: "list_releases",
        ..SIGNED_IN
    },
    Rights {
        operation: "read_release",
        ..SIGNED_IN
    },
    Rights {
        operation: "download_release_file",
        hospital: [NO_RELEASE_FILE; 3],
        municipality: [NO_RELEASE_FILE; 3],
        prefecture: [NO_RELEASE_FILE; 3],
        operator: [NO_RELEASE_FILE; 3],
        ..SIGNED_IN
    },
    administrator_only("preview_release", OK),
    administrator_only("make_release", ["409 release_unchanged"; 3]),
    Rights {
        operation: "check_release",
        ministry_analyst: OK,
        ..administrator_only("check_release", OK)
    },
    of_program("list_programs"),
    administrator_only("create_program", CREATED),
    of_program("list_program_extensions"),
    administrator_only("extend_program", CREATED),
    of_prefecture("read_coverage"),
    of_prefecture("read_effort"),
    of_prefecture("read_plan"),
    of_program("list_quotas"),
    administrator_only("set_quotas", OK),
    of_prefecture("list_quota_history"),
    administrator_only("import_quotas", OK),
    administrator_only("compute_quotas", OK),
    Rights {
        operation: "ask_for_quota",
        prefecture: ["201", "201", "400 quota_move_invalid"],
        ..NOBODY
    },
    of_program("list_quota_requests"),
    // Of a request that never was.
    administrator_only("grant_quota_request", ["404 quota_request_unknown"; 3]),
    administrator_only("refuse_quota_request", ["404 quota_request_unknown"; 3]),
    of_prefecture("list_nominations"),
    by_prefecture("nominate_hospital", "201", "200"),
    by_prefecture("withdraw_nomination", "200", "409 not_nominated"),
    of_prefecture("list_exclusions"),
    by_prefecture("exclude_hospital", "201", "201"),
    by_prefecture("withdraw_exclusion", "200", "200"),
    of_prefecture("list_inspections"),
    by_prefecture("enter_inspection", "201", "201"),
    by_prefecture("withdraw_inspection", "200", "404 inspection_unknown"),
    of_prefecture("read_criteria"),
    by_prefecture("preview_criteria", "200", "200"),
    by_prefecture("set_criteria", "200", "200"),
    of_prefecture("list_candidates"),
    Rights {
        operation: "choose_hospitals",
        prefecture: ["201", "201", NOT_YOUR_PREFECTURE],
        ..NOBODY
    },
    of_prefecture("read_selection"),
    of_prefecture("download_selection"),
    of_program("list_lists"),
    of_prefecture("read_list"),
    of_prefecture("read_list_history"),
    Rights {
        operation: "adjust_list",
        prefecture: ["409 list_not_exact", "409 list_not_exact", NOT_YOUR_PREFECTURE],
        ..NOBODY
    },
    administrator_only("decide_list", ["409 list_state", "409 list_state", "200"]),
    Rights {
        prefecture: ["200", "200", NOT_YOUR_PREFECTURE],
        ..administrator_only("download_list", OK)
    },
    administrator_only("download_national_list", OK),
    administrator_only("download_hand_over", OK),
    administrator_only("import_results", ["422 results_faulty"; 3]),
    of_prefecture("list_results"),
    Rights {
        operation: "ask_for_results",
        prefecture: ["409 results_asked"; 3],
        ..NOBODY
    },
    of_program("list_result_requests"),
    administrator_only("decide_result_request", ["404 result_request_unknown"; 3]),
    Rights {
        operation: "list_own_programs",
        hospital: OK,
        ..NOBODY
    },
    Rights {
        operation: "list_audit",
        ministry_administrator: OK,
        operator: OK,
        ..NOBODY
    },
];
