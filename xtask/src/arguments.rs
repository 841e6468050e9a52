//! The options of a command line, by hand: a parser crate would double the time until xtask's first word.
//!
//! Must never read the environment or print; what is wrong is returned as text.

/// One option a command takes.
pub(crate) struct Option {
    /// With its dashes, such as `--port`; without dashes it is the name of a plain word, such as `NAME`.
    pub(crate) name: &'static str,
    /// Whether a value follows.
    pub(crate) takes_value: bool,
}

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// `--help` was among the words.
    Help,
    /// The options given.
    Run(Arguments),
}

/// The options given, in the order of the command line.
#[derive(Debug)]
pub(crate) struct Arguments {
    given: Vec<(&'static str, String)>,
}

impl Arguments {
    /// Reads `words` as the `options` of one command; `--port 1` and `--port=1` are the same.
    pub(crate) fn parse(words: impl Iterator<Item = String>, options: &[Option]) -> Result<Parsed, String> {
        let mut words = words;
        let mut given = Vec::new();
        while let Some(word) = words.next() {
            if matches!(word.as_str(), "--help" | "-h") {
                return Ok(Parsed::Help);
            }
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word.clone(), None),
            };
            if !name.starts_with('-') {
                let plain = options.iter().find(|o| !o.name.starts_with('-') && !given.iter().any(|(n, _)| *n == o.name));
                let Some(plain) = plain else { return Err(format!("`{word}` is one word too many")) };
                given.push((plain.name, word));
                continue;
            }
            let Some(option) = options.iter().find(|o| o.name == name) else { return Err(format!("there is no option `{name}`")) };
            let value = match (option.takes_value, inline) {
                (true, Some(value)) => value,
                (true, None) => words.next().ok_or_else(|| format!("`{name}` needs a value"))?,
                (false, None) => String::new(),
                (false, Some(_)) => return Err(format!("`{name}` takes no value")),
            };
            given.push((option.name, value));
        }
        Ok(Parsed::Run(Self { given }))
    }

    /// The last value given for `name`.
    pub(crate) fn value(&self, name: &str) -> std::option::Option<&str> {
        self.given.iter().rev().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// Every value given for `name`, in order.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// Whether `name` was given at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &[Option] = &[
        Option { name: "--port", takes_value: true },
        Option { name: "--fresh", takes_value: false },
        Option { name: "NAME", takes_value: true },
    ];

    fn parse(line: &str) -> Result<Parsed, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned), OPTIONS)
    }

    fn run(line: &str) -> Arguments {
        match parse(line) {
            Ok(Parsed::Run(arguments)) => arguments,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn values_may_follow_or_be_joined_and_the_last_one_counts() {
        assert_eq!(run("--port 1").value("--port"), Some("1"));
        assert_eq!(run("--port=1 --port 2").value("--port"), Some("2"));
        assert_eq!(run("fanout --fresh").value("NAME"), Some("fanout"));
        assert_eq!(run("--port 1 --fresh --port=2").values("--port").collect::<Vec<_>>(), ["1", "2"]);
        assert!(run("--fresh").has("--fresh") && !run("").has("--fresh"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, expected) in [
            ("--prt 1", "there is no option `--prt`"),
            ("--port", "`--port` needs a value"),
            ("--fresh=1", "`--fresh` takes no value"),
            ("a b", "`b` is one word too many"),
        ] {
            assert_eq!(parse(line).unwrap_err(), expected, "{line}");
        }
    }

    #[test]
    fn help_wins_wherever_it_stands() {
        assert!(matches!(parse("--port 1 --help"), Ok(Parsed::Help)));
    }
}
