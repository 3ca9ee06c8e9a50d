//! How a command ends: the exit codes, and the errors that carry them.

use std::io::{self, Write};
use std::process::ExitCode;

use super::faults;
use crate::config::ConfigError;
use crate::error::AppError;

/// Exit codes other than 0; those from 65 on are of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did not work.
    Failed,
    /// The command was not understood.
    Usage,
    /// The data given are faulty.
    BadData,
    /// Something is away; the same command may work later.
    TryAgain,
    /// The settings cannot be used.
    Configuration,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::BadData => 65,
            Exit::TryAgain => 75,
            Exit::Configuration => 78,
        }
    }
}

/// Why a command ended without success.
#[derive(Debug)]
pub struct CliError {
    /// What the shell sees.
    pub exit: Exit,
    /// What stderr says.
    pub message: String,
}

impl CliError {
    /// Ends with an exit code and a sentence.
    pub fn new(exit: Exit, message: impl Into<String>) -> CliError {
        CliError {
            exit,
            message: message.into(),
        }
    }

    /// It did not work.
    pub fn failed(message: impl Into<String>) -> CliError {
        CliError::new(Exit::Failed, message)
    }

    /// The command was not understood, in a way that clap cannot see.
    pub fn usage(message: impl Into<String>) -> CliError {
        CliError::new(Exit::Usage, message)
    }

    /// The data given are faulty.
    pub fn bad_data(message: impl Into<String>) -> CliError {
        CliError::new(Exit::BadData, message)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> CliError {
        CliError::new(Exit::Configuration, error.to_string())
    }
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> CliError {
        let exit = match &error {
            AppError::Unavailable(_) => Exit::TryAgain,
            AppError::Faulty(..) => Exit::BadData,
            _ => Exit::Failed,
        };
        let mut message = error.for_operator();
        if let AppError::Faulty(_, found) = &error {
            message.extend(found.iter().map(|fault| format!("\n  {}", faults::line(fault, None))));
        }
        CliError { exit, message }
    }
}

/// Says why a command ended, and ends it.
pub(super) fn report(result: Result<(), CliError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "chosa: {}", error.message);
            ExitCode::from(error.exit.number())
        }
    }
}

#[cfg(test)]
mod tests {
    use survey::fault::Fault;

    use super::*;

    #[test]
    fn errors_of_use_cases_end_with_their_codes() {
        let fault = Fault::error("required_missing", "回答してください。").at("回答", "C2");
        let cases = [
            (AppError::unavailable("the database is away"), 75),
            (AppError::faulty("answers_faulty", "回答に誤りがあります。", vec![fault]), 65),
            (AppError::forbidden("forbidden", "権限がありません。"), 1),
            (AppError::internal("a bug"), 1),
        ];
        for (error, number) in cases {
            assert_eq!(CliError::from(error).exit.number(), number);
        }
        assert_eq!(CliError::from(ConfigError::NoDataFolder).exit.number(), 78);
    }

    #[test]
    fn faults_of_a_use_case_are_told_with_their_cells() {
        let fault = Fault::error("required_missing", "回答してください。").at("回答", "C2");
        let message = CliError::from(AppError::faulty("answers_faulty", "回答に誤りがあります。", vec![fault])).message;
        assert!(message.contains("回答!C2") && message.contains("required_missing"), "{message}");
    }
}
