//! Files of measurements that people write, and broken ones.
use super::{Beside, Board, Measured};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with files of measurements.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn board(&self, text: &str) -> Board {
        Board::read(&self.file("board.csv", text)).unwrap()
    }

    /// What is said of a board, without the folder.
    fn refused(&self, text: &str) -> String {
        let file = self.file("board.csv", text);
        let found = Board::read(&file).and_then(|board| board.check());
        self.short(&found.unwrap_err().to_string())
    }

    fn short(&self, said: &str) -> String {
        said.replace(&format!("{}{}", self.0.path().display(), std::path::MAIN_SEPARATOR), "")
    }
}

fn per_cent(of: (f64, f64)) -> (f64, f64) {
    ((of.0 * 100.0).round(), (of.1 * 100.0).round())
}

const REFERENCE: &str = "# NUCLEO-L4R5ZI\n# MLPerf Tiny v0.5\nname,macs,instructions,inferences_per_s,hz\n\
    kws,2656768,11320784,5.497,120000000\nad,264192,706742,99.487,120e6\n\n\
    ic,12501632,39039546,1.420,120000000\nvww,7489664,36817011,1.665,120000000\n";

#[test]
fn instructions_tell_more_of_a_board_than_multiplications() {
    let board = Desk::new().board(REFERENCE);
    assert_eq!(board.source, "NUCLEO-L4R5ZI; MLPerf Tiny v0.5");
    let (cpi, mac) = (board.cpi().unwrap(), board.mac().unwrap());
    let band = [cpi.low, cpi.typical, cpi.high].map(|figure| (figure * 100.0).round());
    assert_eq!(band, [171.0, 193.0, 216.0], "of ad, of all, of ic");
    assert_eq!(per_cent(cpi.error_of_one()), (12.0, 27.0));
    assert_eq!(per_cent(mac.error_of_one()), (42.0, 111.0));
    assert!(cpi.error_of_rest() < mac.error_of_rest());
    assert_eq!(cpi.chance_within(), 0.6, "four of five rows are inside, each end once");
}

#[test]
fn a_row_is_predicted_without_itself() {
    let fit = Desk::new().board("name,macs,cycles\na,100,100\nb,100,200\nc,100,800\n").mac().unwrap();
    assert_eq!((fit.low, fit.high), (1.0, 8.0));
    assert!((fit.typical - 16f64.cbrt()).abs() < 1e-12);
    let a = &fit.rows[0];
    assert_eq!((a.name.as_str(), a.ratio, a.by_each.as_slice()), ("a", 1.0, [1.0, 7.0].as_slice()));
    assert!((a.by_the_rest - 3.0).abs() < 1e-12, "the geometric mean of 2 and 8 is 4");
}

#[test]
fn time_and_clock_say_what_cycles_say() {
    let desk = Desk::new();
    let cycles = |text: &str| desk.board(text).runs[0].cycles;
    assert_eq!(cycles("name,cycles\nkws,30000\n"), 30000.0);
    assert!((cycles("us,hz,name\n250,120000000,kws\n") - 30000.0).abs() < 1e-6);
    assert!(
        (cycles("\u{feff}# of whom\r\nname, inferences_per_s ,hz\r\nkws,4000,120000000\r\n") - 30000.0).abs() < 1e-6
    );
}

#[test]
fn what_is_known_of_some_rows_is_fitted_to_these() {
    let board = Desk::new().board("name,macs,instructions,cycles\na,10,,20\nb,10,5,30\nc,,6,30\nd,,,7\n");
    let names = |fit: super::Fit| fit.rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(names(board.mac().unwrap()), ["a", "b"]);
    assert_eq!(names(board.cpi().unwrap()), ["b", "c"]);
    assert!(board.check().is_ok());
}

#[test]
fn each_mistake_in_a_board_is_named_with_its_line_and_the_way_out() {
    let desk = Desk::new();
    let cases = [
        ("", "board.csv: there is nothing in it; begin with a header, such as `name,macs,instructions,cycles,"),
        ("# only words\n", "board.csv: there is nothing in it; begin with a header"),
        ("# of whom\nname,macs,cycles\n", "board.csv: it has a header and no data; add a row for each measurement"),
        (
            "# a\n\nmacs,cycles\n1,2\n",
            "board.csv:3: the header has no column `name`: what ran; nodes of a graph are read",
        ),
        (
            "name,macs\na,1\n",
            "board.csv:1: the header has no column for how long a run took; write one of `cycles`, `us`",
        ),
        (
            "name,cycles,us,hz\na,1,1,1\n",
            "board.csv:1: the header has `cycles` and `us`, which both say how long a run took",
        ),
        (
            "name,us\na,1\n",
            "board.csv:1: the header has no column `hz`: `us` tells cycles only with the clock of the core",
        ),
        (
            "name,cycles,hz\na,1,1\n",
            "board.csv:1: the header has `hz` beside `cycles`, which needs no clock; leave it out",
        ),
        ("name,mac,cycles\na,1,1\n", "board.csv:1: there is no use for a column `mac`, only for `name`, `macs`,"),
        ("name,mac,cycles\na,1,1\n", "`hz`; did you mean `macs`?"),
        ("name;macs;cycles\na;1;1\n", "`hz`; write commas between columns"),
        ("name,volts,cycles\na,1,1\n", "`hz`; leave it out, or write it in a line that begins with #"),
        ("name,macs,macs,cycles\na,1,1,1\n", "board.csv:1: the header has `macs` twice; keep one"),
        (
            "name,macs,cycles\na,1,1\n# why\n\nb,1\n",
            "board.csv:5: the line has 2 cells and the header 3; a cell with a comma",
        ),
        ("name,macs,cycles\na,1,1\nb,-4,1\n", "board.csv:3: `macs` is -4: it cannot be negative; measure again"),
        ("name,macs,cycles\na,0,1\n", "board.csv:2: `macs` is 0: it must be above zero; leave the cell empty"),
        ("name,macs,cycles\na,many,1\n", "board.csv:2: `macs` is many: that is no number"),
        ("name,macs,cycles\na,NaN,1\n", "board.csv:2: `macs` is NaN: that is no number"),
        ("name,macs,cycles\na,1e19,1\n", "board.csv:2: `macs` is 1e19: no board counts so far"),
        ("name,macs,cycles\na,\"1,5\",1\n", "board.csv:2: `macs` is 1,5: write digits and a point, nothing between"),
        ("name,macs,cycles\na,1,\n", "board.csv:2: `cycles` is empty; measure it, or leave the row out"),
        ("name,macs,cycles\n,1,1\n", "board.csv:2: `name` is empty; say what was measured"),
        ("name,macs,cycles\na,1,1\nb,1,1\na,1,1\n", "board.csv:4: `a` was there before; give it a name of its own"),
        ("name,cycles\na,1\nb,2\n", "board.csv: no row says `macs` or `instructions`, so cycles cannot be told"),
        (
            "name,macs,cycles\na,1,1\n",
            "board.csv: one row fits anything, and none is left to try the figure on; measure a second",
        ),
        (
            "name,macs,cycles\na,1,1\nb,,1\n",
            "board.csv: `macs` and `instructions` stand in one row at most, and none is left",
        ),
    ];
    for (text, said) in cases {
        let found = desk.refused(text);
        assert!(found.contains(said), "{text:?}\n{found}\n{said}");
    }
    std::fs::write(desk.0.path().join("board.csv"), b"name,cycles\n\xff,1\n").unwrap();
    let found = Board::read(&desk.0.path().join("board.csv")).unwrap_err().to_string();
    assert!(found.ends_with("board.csv:2: this line is not UTF-8; save the file as UTF-8"), "{found}");
    let found = Board::read(Path::new("there is none.csv")).unwrap_err().to_string();
    assert!(found.starts_with("cannot read the measurements in there is none.csv: "), "{found}");
}

#[test]
fn two_boards_are_compared_by_what_both_ran() {
    let desk = Desk::new();
    let here = desk.board("name,cycles\na,50\nb,60\nonly here,1\n");
    let there = Board::read(&desk.file("other.csv", "name,cycles\nb,100\na,100\nonly there,1\n")).unwrap();
    let beside = Beside::of(&here, &there).unwrap();
    assert_eq!((beside.fit.low, beside.fit.high), (0.5, 0.6));
    assert_eq!(beside.alone, [vec!["only here"], vec!["only there"]]);
    let stranger = desk.board("name,cycles\na,50\nx,60\n");
    let said = desk.short(&Beside::of(&stranger, &there).unwrap_err().to_string());
    let way_out = "and two are needed; call the same model the same in both";
    assert_eq!(said, format!("board.csv: one of its rows has a name that other.csv has too, {way_out}"));
}

fn measured(node: &str, mean: f64, max: f64, calls: Option<u64>, line: usize) -> Measured {
    Measured { node: node.into(), mean, max, calls, line }
}

#[test]
fn calls_of_a_node_become_its_mean_and_its_maximum() {
    let desk = Desk::new();
    let read = |text: &str| Measured::read(&desk.file("nodes.csv", text)).unwrap();
    let log = "# DWT CYCCNT\nnode,cycles\nstft,100\nmel,7\nstft,400\nstft,100\n";
    assert_eq!(read(log), [measured("stft", 200.0, 400.0, Some(3), 3), measured("mel", 7.0, 7.0, Some(1), 4)]);
    let sums = "node,cycles_mean,cycles_max,calls\nstft,200,400,3\nmel,7,7,\n";
    assert_eq!(read(sums), [measured("stft", 200.0, 400.0, Some(3), 2), measured("mel", 7.0, 7.0, None, 3)]);
    assert_eq!(read("cycles_max,node,cycles_mean\n9,mel,7.5\n"), [measured("mel", 7.5, 9.0, None, 2)]);
}

#[test]
fn each_mistake_in_measured_nodes_is_named_with_its_line_and_the_way_out() {
    let desk = Desk::new();
    let cases = [
        ("node,cycles\n", "nodes.csv: it has a header and no data"),
        ("name,cycles\na,1\n", "nodes.csv:1: there is no use for a column `name`, only for `node`,"),
        ("cycles\n1\n", "nodes.csv:1: the header has no column `node`: which node of the graph was measured"),
        ("node,calls\na,1\n", "nodes.csv:1: the header has no column for how long a call took; write one of `cycles`,"),
        (
            "node,cycles_mean\na,1\n",
            "nodes.csv:1: the header has no column `cycles_max`: deadlines are missed by the longest",
        ),
        (
            "node,cycles,calls\na,1,1\n",
            "nodes.csv:1: the header has `calls` beside `cycles`, which says each call; write",
        ),
        ("node,cycles_mean,cycles_max\na,2,1\n", "nodes.csv:2: `cycles_max` is 1, below the mean of 2; swap the two"),
        ("node,cycles_mean,cycles_max\na,1,1\na,1,1\n", "nodes.csv:3: `a` was there before; keep one of the two"),
        ("node,cycles_mean,cycles_max,calls\na,1,1,1.5\n", "nodes.csv:2: `calls` is 1.5: it takes a whole number"),
        ("node,cycles\na,-1\n", "nodes.csv:2: `cycles` is -1: it cannot be negative; measure again"),
    ];
    for (text, said) in cases {
        let found = desk.short(&Measured::read(&desk.file("nodes.csv", text)).unwrap_err().to_string());
        assert!(found.starts_with(said), "{text:?}\n{found}\n{said}");
    }
}
