//! Tables of what was counted: instructions of nodes on an instruction set, by their signatures.
use super::overhead::{self, Overhead};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The instruction sets whose counts come with `aw`, and the tables.
const SHIPPED: [(&str, &str); 3] = [
    ("thumb", include_str!("../../../graphs/devices/counts/thumb.toml")),
    ("aarch64", include_str!("../../../graphs/devices/counts/aarch64.toml")),
    ("x86-64", include_str!("../../../graphs/devices/counts/x86-64.toml")),
];

/// Counts of one instruction set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// The instruction set.
    pub isa: String,
    /// How they were made: the command, the compiler, the emulator.
    pub made: String,
    /// By signature; of each, by the frames of a call.
    nodes: BTreeMap<String, BTreeMap<u64, Count>>,
    /// What the engine itself took, graph by graph.
    engine: Vec<overhead::Counted>,
}

/// What calls of a node are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// Calls that were counted.
    pub calls: u64,
    /// Instructions of the shortest call.
    pub min: f64,
    /// Of the mean call.
    pub instructions_mean: f64,
    /// 99 % of the calls have no more instructions.
    pub p99: f64,
    /// Of the longest call.
    pub max: f64,
    /// Loads and stores of the mean call.
    pub memory: f64,
    /// Bytes of instructions that calls executed, each counted once.
    pub code: Option<u64>,
    /// No call of so many frames was counted: this was concluded from others.
    pub interpolated: bool,
}

/// Why counts are of no use.
#[derive(Debug, thiserror::Error)]
pub enum CountsError {
    /// No such table.
    #[error(
        "no counts of the instruction set `{0}` come with this program; there are thumb, aarch64 and x86-64; \
         count them yourself with `aw sim count`, and name the file"
    )]
    Isa(String),
    /// The file cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// It is no table of counts.
    #[error("{}: {why}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// An entry cannot be.
    #[error("{}:{line}: {why}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Two tables of different instruction sets.
    #[error("counts of `{0}` cannot be added to those of `{1}`")]
    Mixed(String, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    isa: String,
    made: String,
    #[serde(default)]
    engine: Vec<toml::Spanned<overhead::Counted>>,
    #[serde(default)]
    count: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    node: toml::Spanned<String>,
    frames: u64,
    calls: u64,
    instructions: Instructions,
    memory: f64,
    code: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instructions {
    min: f64,
    mean: f64,
    p99: f64,
    max: f64,
}

impl Counts {
    /// None yet.
    pub fn new(isa: &str, made: &str) -> Self {
        Self { isa: isa.into(), made: made.into(), nodes: BTreeMap::new(), engine: vec![] }
    }

    /// Those that come with the program.
    ///
    /// # Errors
    /// None come for this instruction set.
    pub fn of(isa: &str) -> Result<Self, CountsError> {
        let (_, text) = SHIPPED.iter().find(|(name, _)| *name == isa).ok_or(CountsError::Isa(isa.into()))?;
        Self::parse(text, Path::new(&format!("{isa}.toml")))
    }

    /// Reads a file that `aw sim count --out` wrote, or that was written by hand.
    ///
    /// # Errors
    /// It cannot be read, or something in it cannot be.
    pub fn read(path: &Path) -> Result<Self, CountsError> {
        let text = std::fs::read_to_string(path).map_err(|why| CountsError::Read { path: path.into(), why })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, CountsError> {
        let syntax =
            |why: toml::de::Error| CountsError::Syntax { path: path.into(), why: why.to_string().trim_end().into() };
        let file: File = toml::from_str(text).map_err(syntax)?;
        let mut counts = Self::new(&file.isa, &file.made);
        for engine in file.engine {
            let line = 1 + text[..engine.span().start].matches('\n').count();
            let engine = engine.into_inner();
            if let Some(why) = engine.fault() {
                return Err(CountsError::Entry { path: path.into(), line, why: why.into() });
            }
            counts.engine.push(engine);
        }
        for entry in file.count {
            let line = 1 + text[..entry.node.span().start].matches('\n').count();
            let wrong = |why: &str| CountsError::Entry { path: path.into(), line, why: why.into() };
            let Entry { calls, frames, instructions: Instructions { min, mean, p99, max }, memory, code, .. } = entry;
            let count = Count { calls, min, instructions_mean: mean, p99, max, memory, code, interpolated: false };
            if let Some(why) =
                count.fault().or((frames == 0).then_some("`frames` is 0; no call takes or gives nothing"))
            {
                return Err(wrong(why));
            }
            let of_node = counts.nodes.entry(entry.node.into_inner()).or_default();
            if of_node.insert(frames, count).is_some() {
                return Err(wrong("this node is counted twice, with the same frames"));
            }
        }
        Ok(counts)
    }

    /// Adds what was counted: calls of the same node and frames are taken together.
    pub fn add(&mut self, signature: &str, frames: u64, count: Count) {
        let of_node = self.nodes.entry(signature.into()).or_default();
        of_node.entry(frames).and_modify(|before| *before = before.and(&count)).or_insert(count);
    }

    /// Adds all of another table, which is stronger: of nodes that both have, its counts are kept and no others. What
    /// the engine took counts in both.
    ///
    /// # Errors
    /// It is of another instruction set.
    pub fn extend(&mut self, other: Self) -> Result<(), CountsError> {
        if other.isa != self.isa {
            return Err(CountsError::Mixed(other.isa, self.isa.clone()));
        }
        self.nodes.extend(other.nodes);
        self.engine.extend(other.engine);
        Ok(())
    }

    /// What a call of a node with so many frames of its first input takes, or of what it gives first where it has none.
    ///
    /// Between two counts a straight line is drawn: work that is a part for the call and a part for each frame lies on it
    /// exactly. Beyond them the line goes on that leads there from a count of at most half, or at least twice, as many
    /// frames: nearer ones differ by what is left over of a vector of the processor. It never takes less for more frames, and
    /// never less than in proportion for fewer. Where there is no such count, more frames take as many times what the
    /// nearest says, and fewer frames as much as it says, which is never too little for such work.
    pub fn find(&self, signature: &str, frames: u64) -> Option<Count> {
        let of_node = self.nodes.get(signature)?;
        if let Some(count) = of_node.get(&frames) {
            return Some(*count);
        }
        let on_line = |(one, at): (&u64, &Count), (other, there): (&u64, &Count)| {
            at.towards(there, (frames as f64 - *one as f64) / (*other as f64 - *one as f64))
        };
        let in_proportion = |(one, at): (&u64, &Count)| at.scaled(frames as f64 / *one as f64);
        match (of_node.range(..frames).next_back(), of_node.range(frames..).next()) {
            (Some(below), Some(above)) => Some(on_line(below, above)),
            (Some(last), None) => Some(match of_node.range(..=last.0 / 2).next_back() {
                Some(other) => on_line(other, last).at_least(last.1),
                None => in_proportion(last),
            }),
            (None, Some(first)) => Some(match of_node.range(first.0 * 2..).next() {
                Some(other) => on_line(first, other).at_least(&in_proportion(first)),
                None => first.1.scaled(1.0),
            }),
            (None, None) => None,
        }
    }

    /// Adds what the engine itself took in blocks of a graph.
    pub fn add_engine(&mut self, counted: overhead::Counted) {
        self.engine.push(counted);
    }

    /// What the engine itself took, graph by graph.
    pub fn engine(&self) -> &[overhead::Counted] {
        &self.engine
    }

    /// What the engine itself takes, if that was counted.
    pub fn overhead(&self) -> Option<Overhead> {
        Overhead::of(&self.engine)
    }

    /// All that was counted: signature, frames, and what calls are.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64, &Count)> {
        self.nodes.iter().flat_map(|(signature, counts)| {
            counts.iter().map(move |(frames, count)| (signature.as_str(), *frames, count))
        })
    }

    /// As a file, with `head` as comments before it.
    pub fn text(&self, head: &str) -> String {
        let mut text = String::new();
        for line in head.lines() {
            let _ = writeln!(text, "{}", format!("# {line}").trim_end());
        }
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let _ = writeln!(text, "isa = {}\nmade = {}", quoted(&self.isa), quoted(&self.made));
        for overhead::Counted { blocks, steps, firings, floats, mean, max } in &self.engine {
            let _ = writeln!(text, "\n[[engine]]\nblocks = {blocks}\nsteps = {steps}");
            let _ = writeln!(text, "firings = {firings}\nfloats = {floats}");
            let _ = writeln!(text, "mean = {mean:.1}\nmax = {max:.1}");
        }
        for (signature, frames, count) in self.iter() {
            let _ = writeln!(text, "\n[[count]]\nnode = {}\nframes = {frames}", quoted(signature));
            let Count { calls, min, instructions_mean, p99, max, memory, code, .. } = count;
            let _ = writeln!(text, "calls = {calls}");
            let _ = writeln!(
                text,
                "instructions = {{ min = {min:.1}, mean = {instructions_mean:.1}, p99 = {p99:.1}, max = {max:.1} }}"
            );
            let _ = writeln!(text, "memory = {memory:.1}");
            if let Some(code) = code {
                let _ = writeln!(text, "code = {code}");
            }
        }
        text
    }
}

impl Count {
    /// What cannot be.
    fn fault(&self) -> Option<&'static str> {
        let Self { calls, min, instructions_mean: mean, p99, max, memory, .. } = *self;
        let numbers = [min, mean, p99, max, memory];
        match () {
            () if calls == 0 => Some("`calls` is 0: nothing was counted"),
            () if numbers.iter().any(|n| !n.is_finite() || *n < 0.0) => Some("a count is negative or no number"),
            () if min > mean || mean > max || p99 > max => {
                Some("`min`, `mean` and `max`, and `p99` and `max`, are not in order")
            }
            () => None,
        }
    }

    /// Calls of both. Of which 99 % stay below is not known of both, but of one of them.
    fn and(&self, other: &Self) -> Self {
        let calls = self.calls + other.calls;
        let share = other.calls as f64 / calls.max(1) as f64;
        let mean = |a: f64, b: f64| a + (b - a) * share;
        Self {
            calls,
            min: self.min.min(other.min),
            instructions_mean: mean(self.instructions_mean, other.instructions_mean),
            p99: self.p99.max(other.p99),
            max: self.max.max(other.max),
            memory: mean(self.memory, other.memory),
            code: self.code.max(other.code),
            interpolated: false,
        }
    }

    /// Of each number the greater.
    fn at_least(&self, other: &Self) -> Self {
        Self {
            min: self.min.max(other.min),
            instructions_mean: self.instructions_mean.max(other.instructions_mean),
            p99: self.p99.max(other.p99),
            max: self.max.max(other.max),
            memory: self.memory.max(other.memory),
            ..*self
        }
    }

    /// What so many times the frames take.
    fn scaled(&self, times: f64) -> Self {
        let Self { calls, min, instructions_mean, p99, max, memory, code, .. } = *self;
        let [min, instructions_mean, p99, max, memory] = [min, instructions_mean, p99, max, memory].map(|n| n * times);
        Self { calls, min, instructions_mean, p99, max, memory, code, interpolated: true }
    }

    /// On the line through this and another: 0 is here, 1 is there. Never less than nothing.
    fn towards(&self, other: &Self, share: f64) -> Self {
        let on_line = |a: f64, b: f64| (a + (b - a) * share).max(0.0);
        let max = on_line(self.max, other.max);
        Self {
            calls: self.calls.min(other.calls),
            min: on_line(self.min, other.min),
            instructions_mean: on_line(self.instructions_mean, other.instructions_mean),
            // Lines may cross.
            p99: on_line(self.p99, other.p99).min(max),
            max,
            memory: on_line(self.memory, other.memory),
            code: self.code.max(other.code),
            interpolated: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAIN: &str = "gain() <- audio×1";

    fn count(mean: f64) -> Count {
        Count {
            calls: 10,
            min: mean - 1.0,
            instructions_mean: mean,
            p99: mean,
            max: mean + 1.0,
            memory: 2.0,
            code: Some(64),
            interpolated: false,
        }
    }

    fn gain(counts: &[(u64, f64)]) -> Counts {
        let mut all = Counts::new("thumb", "by hand");
        counts.iter().for_each(|(frames, mean)| all.add(GAIN, *frames, count(*mean)));
        all
    }

    fn said(text: &str) -> String {
        Counts::parse(text, Path::new("mine.toml")).unwrap_err().to_string()
    }

    #[test]
    fn what_comes_with_the_program_is_read_and_is_of_the_instruction_set_that_it_says() {
        for (isa, _) in SHIPPED {
            let counts = Counts::of(isa).unwrap();
            assert_eq!(counts.isa, isa);
        }
        let said = Counts::of("riscv").unwrap_err().to_string();
        assert!(said.contains("`riscv`") && said.contains("aw sim count"), "{said}");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut counts = gain(&[(32, 100.5), (128, 400.0)]);
        counts.add_engine(overhead::Counted { blocks: 7, steps: 2, firings: 3, floats: 40, mean: 900.5, max: 1000.0 });
        counts.add("stft(size=512, window=\"x\\y\") <- audio×1", 128, Count { code: None, ..count(7.0) });
        let text = counts.text("How it was made.\n\nAnd why.");
        assert!(text.starts_with("# How it was made.\n#\n# And why.\nisa = \"thumb\"\n"), "{text}");
        assert_eq!(Counts::parse(&text, Path::new("x")).unwrap(), counts);
    }

    #[test]
    fn frames_in_between_lie_on_a_line_and_so_do_those_beyond() {
        let counts = gain(&[(32, 100.0), (128, 292.0), (512, 1444.0)]); // 2 a frame, then 3
        let mean = |frames| counts.find(GAIN, frames).map(|count| (count.instructions_mean, count.interpolated));
        assert_eq!(mean(128), Some((292.0, false)));
        assert_eq!(mean(64), Some((164.0, true)));
        assert_eq!(mean(16), Some((68.0, true)));
        assert_eq!(mean(256), Some((676.0, true)));
        assert_eq!(mean(1024), Some((2980.0, true)));
        assert_eq!(counts.find("gain() <- audio×2", 128), None);
        // What is left over of a vector, 4 frames before a whole one, says nothing of twice as many.
        let counts = gain(&[(128, 400.0), (508, 1570.0), (512, 1519.0)]);
        let mean = |frames| counts.find(GAIN, frames).unwrap().instructions_mean;
        assert!((mean(1024) - 3011.0).abs() < 0.1, "{}", mean(1024));
        assert!(gain(&[(128, 900.0), (512, 800.0)]).find(GAIN, 1024).unwrap().instructions_mean >= 800.0);
        assert_eq!(gain(&[(128, 100.0), (512, 900.0)]).find(GAIN, 64).unwrap().instructions_mean, 50.0, "not below 0");
    }

    #[test]
    fn from_one_count_it_is_never_too_little() {
        let counts = gain(&[(128, 300.0)]);
        assert_eq!(counts.find(GAIN, 256).unwrap().instructions_mean, 600.0);
        assert_eq!(counts.find(GAIN, 64).unwrap().instructions_mean, 300.0);
        assert!(counts.find(GAIN, 64).unwrap().interpolated);
    }

    #[test]
    fn all_calls_of_a_node_count() {
        let mut counts = Counts::new("thumb", "by hand");
        counts.add("stft() <- audio×1", 128, count(27242.0));
        counts.add("stft() <- audio×1", 128, Count { calls: 30, ..count(27246.0) });
        let both = Count { calls: 40, min: 27241.0, instructions_mean: 27245.0, ..count(27246.0) };
        assert_eq!(counts.find("stft() <- audio×1", 128), Some(both));
    }

    #[test]
    fn a_users_own_counts_are_stronger() {
        let mut counts = gain(&[(32, 100.0), (128, 400.0)]);
        counts.extend(gain(&[(128, 500.0)])).unwrap();
        assert_eq!(counts.iter().count(), 1, "what was counted elsewhere is no neighbour for a line");
        let said = counts.extend(Counts::new("aarch64", "")).unwrap_err().to_string();
        assert_eq!(said, "counts of `aarch64` cannot be added to those of `thumb`");
    }

    #[test]
    fn mistakes_are_told_with_file_and_line() {
        let entry = "isa = \"thumb\"\nmade = \"by hand\"\n\n[[count]]\nnode = \"a\"\nmemory = 1.0\nframes = 3\n";
        let with = |rest: &str| said(&format!("{entry}{rest}"));
        let good = "calls = 1\ninstructions = { min = 1.0, mean = 1.0, p99 = 1.0, max = 1.0 }\n";
        assert!(
            with("calls = 0\ninstructions = { min = 1, mean = 1, p99 = 1, max = 1 }")
                .starts_with("mine.toml:5: `calls` is 0")
        );
        assert!(
            with("calls = 1\ninstructions = { min = 1, mean = 2, p99 = 1, max = 1 }")
                .contains(":5: `min`, `mean` and `max`")
        );
        assert!(with("calls = 1\ninstructions = { min = 1, mean = nan, p99 = 1, max = 1 }").contains("no number"));
        let none = said(&format!("{entry}{good}").replace("frames = 3", "frames = 0"));
        assert_eq!(none, "mine.toml:5: `frames` is 0; no call takes or gives nothing");
        let twice = format!("{good}[[count]]\nnode = \"a\"\nframes = 3\nmemory = 1.0\n{good}");
        assert_eq!(with(&twice), "mine.toml:11: this node is counted twice, with the same frames");
        let said = with(&format!("cals = 3\n{good}"));
        assert!(said.contains("mine.toml") && said.contains("line 8") && said.contains("cals"), "{said}");
        let path = Path::new("/nowhere/at/all.toml");
        assert!(Counts::read(path).unwrap_err().to_string().starts_with("cannot read /nowhere/at/all.toml: "));
    }
}
