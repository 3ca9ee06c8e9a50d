//! Surveys (調査): the data of a year, read from TOML and checked once, so that everything after may rely on it.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::codes::Layout;
use crate::edition::Edition;
use crate::question::Question;
use crate::window::Window;

mod check;
mod file;
mod reach;

use file::{ContradictionFile, SurveyFile};

/// The year as it is spoken of: `2022`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SurveyId(String);

impl SurveyId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SurveyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a survey's data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// Not TOML, or not of the survey's form.
    #[error("the survey's TOML cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// Read, but contradictory in itself.
    #[error("survey {survey}: {problem}")]
    Content {
        /// Id of the survey.
        survey: String,
        /// What is wrong, naming the question.
        problem: String,
    },
}

/// The survey of one year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    id: SurveyId,
    title: String,
    windows: Vec<Window>,
    editions: Vec<Edition>,
    /// Title and place of the first question, the first at 0.
    topics: Vec<(String, usize)>,
}

/// Questions of an edition that stand together on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic<'s> {
    /// On screen.
    pub title: &'s str,
    /// In the order printed, at least one.
    pub questions: &'s [Question],
}

impl Survey {
    /// Reads and checks a survey's data.
    ///
    /// # Errors
    /// Names what is wrong: keys, labels, slots and codes must be unique, gates refer to earlier questions and to options that exist, and every
    /// question can be reached by some answers.
    pub fn from_toml(text: &str) -> Result<Survey, SurveyError> {
        let file: SurveyFile = toml::from_str(text)?;
        let id = SurveyId(file.id.clone());
        let problem = |problem: String| SurveyError::Content {
            survey: file.id.clone(),
            problem,
        };
        check::form(&file).map_err(problem)?;
        let layout = Layout::new(file.slots());
        let mut editions = Vec::with_capacity(file.editions.len());
        for edition in &file.editions {
            let questions = file
                .questions
                .iter()
                .map(|question| question.for_edition(&edition.name))
                .collect::<Vec<_>>();
            check::questions(&questions, &file.contradictions).map_err(problem)?;
            let contradictions = file.contradictions.iter().map(ContradictionFile::to_contradiction).collect();
            editions.push(Edition::new(
                &id,
                &edition.name,
                edition.printed,
                questions,
                contradictions,
                layout.clone(),
            ));
        }
        let topics = check::topics(&file).map_err(problem)?;
        Ok(Survey {
            id,
            title: file.title,
            windows: file.windows,
            editions,
            topics,
        })
    }

    /// How a page parts the questions of an edition; every question is in exactly one topic.
    pub fn topics<'s>(&'s self, edition: &'s Edition) -> Vec<Topic<'s>> {
        let ends = self.topics.iter().skip(1).map(|(_, first)| *first);
        let ends = ends.chain([edition.questions().len()]);
        let of = |((title, first), end): (&'s (String, usize), usize)| {
            let questions = edition.questions().get(*first..end)?;
            Some(Topic { title, questions })
        };
        self.topics.iter().zip(ends).filter_map(of).collect()
    }

    /// The year.
    pub fn id(&self) -> &SurveyId {
        &self.id
    }

    /// Japanese title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Printed windows.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// All printed versions, the first first.
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }

    /// The edition of a name (`march`) or id (`2022-march`).
    pub fn edition(&self, name: &str) -> Option<&Edition> {
        self.editions
            .iter()
            .find(|edition| edition.name() == name || edition.id().as_str() == name)
    }

    /// The edition printed first: the one meant where none is named.
    #[expect(clippy::indexing_slicing, reason = "from_toml refuses a survey without editions")]
    pub fn first_edition(&self) -> &Edition {
        &self.editions[0]
    }

    /// Questions of the first edition; keys and slots are the same in all.
    pub fn questions(&self) -> &[Question] {
        self.first_edition().questions()
    }

    /// The question of a key.
    pub fn question(&self, key: &str) -> Option<&Question> {
        self.first_edition().question(key)
    }

    /// The slot layout of all its editions.
    pub fn layout(&self) -> &Layout {
        self.first_edition().layout()
    }
}

static COMPILED_IN: LazyLock<Vec<Survey>> = LazyLock::new(|| {
    // A test proves that both parse; in a release a broken one would be missing, and the server says so at its start.
    [
        include_str!("../surveys/2022/survey.toml"),
        include_str!("../surveys/2024/survey.toml"),
    ]
    .into_iter()
    .filter_map(|text| Survey::from_toml(text).ok())
    .collect()
});

static INTAKE_FORMS: LazyLock<Vec<Survey>> = LazyLock::new(|| {
    [include_str!("../surveys/2024_intake/survey.toml")]
        .into_iter()
        .filter_map(|text| Survey::from_toml(text).ok())
        .collect()
});

/// The surveys of a year that come with the program, the earliest first: whose answers are counted, published, compared and chosen by.
pub fn compiled_in() -> &'static [Survey] {
    &COMPILED_IN
}

/// The intake forms (意向調査) that come with the program: answered like every survey, and asked for by programmes only.
pub fn intake_forms() -> &'static [Survey] {
    &INTAKE_FORMS
}

/// Surveys of a year and intake forms.
pub fn all() -> impl Iterator<Item = &'static Survey> {
    COMPILED_IN.iter().chain(&*INTAKE_FORMS)
}

/// A survey or intake form that comes with the program.
pub fn find(id: &str) -> Option<&'static Survey> {
    all().find(|survey| survey.id.as_str() == id)
}
