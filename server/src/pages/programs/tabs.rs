//! The pages of a programme, beside each other.

use crate::auth::actor::Role;

/// One of them.
pub struct Tab {
    pub href: String,
    pub text: &'static str,
    pub is_here: bool,
}

/// Those that a role has, with the one that is shown; a prefecture has its board instead of the lists of all.
pub fn tabs(role: &Role, program: &str, here: &str) -> Vec<Tab> {
    let all = [
        (
            "",
            if matches!(role, Role::Prefecture(_)) {
                "選定"
            } else {
                "選定の進み具合"
            },
        ),
        ("/quotas", "支援枠"),
        ("/requests", "支援枠の協議"),
        ("/coverage", "対象病院の状況"),
        ("/plan", "作業量と計画"),
        ("/results", "支援の結果"),
    ];
    let tab = |(path, text): (&str, &'static str)| Tab {
        href: format!("/programs/{program}{path}"),
        text,
        is_here: path == here,
    };
    all.into_iter().map(tab).collect()
}
