//! The parts that forms are made of, each rendered by its own template: label, ※必須/※任意, support text, control, error text, in this order.

use askama::Template;

/// What a text field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// One line.
    Text,
    /// One line that is not shown.
    Password,
    /// An address.
    Email,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// A day with hour and minute.
    Moment,
    /// Several lines.
    Lines,
}

/// A field to type into.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/text.html")]
pub struct TextField {
    /// Of the form, and of the element.
    pub name: String,
    /// Above it.
    pub label: String,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What helps to fill it in; may be empty.
    pub support: String,
    /// What stands in it.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What it takes.
    pub takes: Takes,
    /// The browser's word for what it is (`username`), or empty.
    pub autocomplete: &'static str,
}

impl TextField {
    /// One line that has to be filled in.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> TextField {
        TextField {
            name: name.into(),
            label: label.into(),
            required: true,
            support: String::new(),
            value: String::new(),
            error: None,
            takes: Takes::Text,
            autocomplete: "",
        }
    }

    /// May be left empty.
    #[must_use]
    pub fn optional(self) -> TextField {
        TextField { required: false, ..self }
    }

    /// What it takes.
    #[must_use]
    pub fn takes(self, takes: Takes) -> TextField {
        TextField { takes, ..self }
    }

    /// What helps to fill it in.
    #[must_use]
    pub fn support(self, support: impl Into<String>) -> TextField {
        TextField {
            support: support.into(),
            ..self
        }
    }

    /// What stands in it.
    #[must_use]
    pub fn value(self, value: impl Into<String>) -> TextField {
        TextField {
            value: value.into(),
            ..self
        }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn error(self, error: Option<String>) -> TextField {
        TextField { error, ..self }
    }

    /// The browser's word for what it is.
    #[must_use]
    pub fn autocomplete(self, autocomplete: &'static str) -> TextField {
        TextField { autocomplete, ..self }
    }

    fn kind(&self) -> &'static str {
        match self.takes {
            Takes::Text | Takes::Lines => "text",
            Takes::Password => "password",
            Takes::Email => "email",
            Takes::Number => "number",
            Takes::Date => "date",
            Takes::Moment => "datetime-local",
        }
    }

    fn is_lines(&self) -> bool {
        self.takes == Takes::Lines
    }

    fn described_by(&self) -> String {
        described_by(&self.name, !self.support.is_empty(), self.error.is_some())
    }
}

/// One thing that can be chosen.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl Choice {
    /// One that is chosen when its value is the one that stands.
    pub fn new(value: impl Into<String>, label: impl Into<String>, standing: &str) -> Choice {
        let value = value.into();
        Choice {
            chosen: value == standing,
            value,
            label: label.into(),
        }
    }
}

/// How choices are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// One of a few, all seen at once.
    Radios,
    /// Several of a few.
    Boxes,
    /// One of many.
    List,
}

/// A field to choose in.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/choices.html")]
pub struct ChoiceField {
    /// Of the form.
    pub name: String,
    /// Above it.
    pub label: String,
    /// Whether something has to be chosen; `None` says neither (a filter).
    pub required: Option<bool>,
    /// What helps to choose; may be empty.
    pub support: String,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// What is wrong with it.
    pub error: Option<String>,
    /// How it looks.
    pub look: Look,
}

impl ChoiceField {
    /// One that has to be chosen.
    pub fn new(name: impl Into<String>, label: impl Into<String>, look: Look, choices: Vec<Choice>) -> ChoiceField {
        ChoiceField {
            name: name.into(),
            label: label.into(),
            required: Some(true),
            support: String::new(),
            choices,
            error: None,
            look,
        }
    }

    /// May be left.
    #[must_use]
    pub fn optional(self) -> ChoiceField {
        ChoiceField {
            required: Some(false),
            ..self
        }
    }

    /// Neither ※必須 nor ※任意 is said: something is always chosen.
    #[must_use]
    pub fn unmarked(self) -> ChoiceField {
        ChoiceField { required: None, ..self }
    }

    /// What helps to choose.
    #[must_use]
    pub fn support(self, support: impl Into<String>) -> ChoiceField {
        ChoiceField {
            support: support.into(),
            ..self
        }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn error(self, error: Option<String>) -> ChoiceField {
        ChoiceField { error, ..self }
    }

    fn is_list(&self) -> bool {
        self.look == Look::List
    }

    fn kind(&self) -> &'static str {
        if self.look == Look::Boxes { "checkbox" } else { "radio" }
    }

    fn described_by(&self) -> String {
        described_by(&self.name, !self.support.is_empty(), self.error.is_some())
    }

    /// Where the error summary leads: to the first thing that can be chosen.
    fn id_of(&self, place: &usize) -> String {
        if *place == 0 {
            self.name.clone()
        } else {
            format!("{}-{place}", self.name)
        }
    }
}

fn described_by(name: &str, has_support: bool, has_error: bool) -> String {
    let mut ids = Vec::new();
    if has_support {
        ids.push(format!("{name}-support"));
    }
    if has_error {
        ids.push(format!("{name}-error"));
    }
    ids.join(" ")
}

/// What is wrong in a form, above it: takes the focus and leads to the fields.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/errors.html")]
pub struct ErrorSummary {
    /// Name of the field (empty: of the whole form), sentence.
    pub errors: Vec<(String, String)>,
}
