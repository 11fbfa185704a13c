//! A worker under test: values and formats that it accepts.
use super::cases::{Case, plausible};
use super::child::Diary;
use super::report::{Flaw, Seen, fail, skip};
use super::values;
use crate::graph::param_from_text;
use crate::plugin::{Agreed, AgreedPort, Descriptor, Instance, Kind, Library, ParamType, Refusal, Value};
use std::sync::Arc;

/// Most cases that a check plays.
const MOST: usize = 6;

/// A worker under test.
pub struct Subject<'a> {
    pub library: &'a Library,
    pub worker: Arc<Descriptor>,
    pub diary: &'a Diary,
    /// Values that it accepts, if it accepts any.
    pub values: Vec<Value>,
    /// Cases that it accepts with these.
    pub cases: Vec<Case>,
    /// Cases tried.
    pub tried: usize,
    /// What it said first when it refused.
    pub refusal: Option<String>,
    /// How `create` broke the ABI.
    pub create_fault: Option<Flaw>,
    /// How `prepare` broke the ABI.
    pub prepare_fault: Option<Flaw>,
}

impl<'a> Subject<'a> {
    /// Looks for values and formats that the worker accepts; `set` are the user's, as `worker.param=value`.
    pub fn new(library: &'a Library, id: &str, set: &[String], diary: &'a Diary) -> Seen<Self> {
        let Some(worker) = library.workers.iter().find(|worker| worker.id == id) else {
            return fail(format!("the library has no worker `{id}` any more"), "it changes while it is checked");
        };
        let (worker, mut values) = (worker.clone(), values::usual(worker));
        let given = given(&worker, set, &mut values)?;
        let missing = worker.params.iter().zip(&given);
        if let Some((param, _)) = missing.clone().find(|(p, given)| p.required && p.ty == ParamType::Path && !**given) {
            return skip(format!("needs `{name}`: give it with --set {id}.{name}=FILE", name = param.name));
        }
        let (cases, tried, refusal, faults) = (vec![], 0, None, (None, None));
        let (create_fault, prepare_fault) = faults;
        let mut it = Self { library, worker, diary, values, cases, tried, refusal, create_fault, prepare_fault };
        it.search(&given);
        Ok(it)
    }

    /// Tries the values as they are; if they are refused, with one of them changed.
    fn search(&mut self, given: &[bool]) {
        let usual = self.values.clone();
        self.accepts(&usual);
        let worker = self.worker.clone();
        for (i, param) in worker.params.iter().enumerate().filter(|(i, _)| !given[*i]) {
            for value in values::modest(param) {
                if !self.cases.is_empty() || self.create_fault.is_some() || self.prepare_fault.is_some() {
                    return;
                }
                let mut changed = usual.clone();
                changed[i] = value;
                self.accepts(&changed);
            }
        }
        if self.cases.is_empty() {
            self.values = usual;
        }
    }

    /// Fills `cases` with those that are accepted with these values.
    fn accepts(&mut self, values: &[Value]) {
        self.values = values.to_vec();
        let cases = plausible(&self.worker, values);
        self.tried = cases.len();
        let mut instance = None;
        for case in cases {
            let it = match instance.take().map_or_else(|| self.create(values), Ok) {
                Ok(it) => instance.insert(it),
                Err(Refusal(why)) if !Refusal(why.clone()).is_fault() => {
                    self.refusal.get_or_insert(why);
                    return;
                }
                Err(refusal) => {
                    self.create_fault = self.fault::<()>("create", values, None, &refusal).err();
                    return;
                }
            };
            match self.prepare(it, &case, 256) {
                Ok(agreed) if consistent(&agreed) => self.cases.push(case),
                Ok(_) => {} // such a graph is refused: its inputs come at other paces
                Err(refusal) if refusal.is_fault() => {
                    let fault = self.fault::<()>("prepare", values, Some(&case), &refusal).err();
                    self.prepare_fault = self.prepare_fault.take().or(fault);
                    instance = None;
                }
                Err(Refusal(why)) => {
                    self.refusal.get_or_insert(why);
                }
            }
        }
    }

    /// `create`.
    pub fn create(&self, values: &[Value]) -> Result<Instance, Refusal> {
        self.diary.step(format!("`create` with {}", values::changed(&self.worker, values)));
        Instance::create(&self.worker, values)
    }

    /// `prepare`.
    pub fn prepare(&self, instance: &mut Instance, case: &Case, max_frames: u32) -> Result<Agreed, Refusal> {
        self.diary.step(format!("`prepare` with {case}"));
        let inputs: Vec<_> = case.inputs.iter().map(|(name, format)| (name.as_str(), *format)).collect();
        let outputs: Vec<&str> = case.outputs.iter().map(String::as_str).collect();
        instance.prepare(case.rate, max_frames, &inputs, &outputs).cloned()
    }

    /// A refusal that breaks the ABI.
    pub fn fault<T>(&self, function: &str, values: &[Value], case: Option<&Case>, why: &Refusal) -> Seen<T> {
        let with = values::changed(&self.worker, values);
        let with = case.map_or_else(|| with.clone(), |case| format!("{with}; {case}"));
        let help = format!("`{function}` either does its work or says in words, as an error, why it cannot");
        fail(format!("{} (with {with})", why.0), help)
    }

    /// A few of the cases, far apart.
    pub fn some_cases(&self) -> Seen<Vec<&Case>> {
        let n = self.cases.len();
        if n == 0 {
            let why = match (&self.create_fault, &self.prepare_fault, &self.refusal) {
                (Some(_), ..) => "`create` fails".into(),
                (_, Some(_), _) => "`prepare` fails".into(),
                (.., Some(why)) => format!("it refuses all that was tried: {why}"),
                _ => "no formats were found for its ports".to_string(),
            };
            return skip(format!("not tried: {why}"));
        }
        Ok((0..n.min(MOST)).map(|i| &self.cases[i * n / n.min(MOST)]).collect())
    }
}

/// Puts the user's values in; says which these are.
fn given(worker: &Descriptor, set: &[String], values: &mut [Value]) -> Seen<Vec<bool>> {
    let mut given = vec![false; values.len()];
    for text in set {
        let parts = text.split_once('=').and_then(|(key, value)| Some((key.split_once('.')?, value)));
        let Some(((id, name), value)) = parts else {
            return fail(format!("--set {text} is not WORKER.PARAM=VALUE"), "");
        };
        if id != worker.id {
            continue;
        }
        let Some(i) = worker.params.iter().position(|param| param.name == name) else {
            return fail(format!("--set {text}: it has no such parameter"), format!("see `aw workers {id}`"));
        };
        match param_from_text(&worker.params[i], value) {
            Ok(value) => (values[i], given[i]) = (value, true),
            Err(why) => return fail(format!("--set {text}: {why}"), ""),
        }
    }
    Ok(given)
}

/// Whether two ports move frames in the proportion of their paces.
pub fn in_step(a: &AgreedPort, b: &AgreedPort) -> bool {
    let (frames_a, frames_b) = (u128::from(a.frames.max(1)), u128::from(b.frames.max(1)));
    let pace = |port: &AgreedPort| (u128::from(port.format.rate_num), u128::from(port.format.rate_den));
    let ((num_a, den_a), (num_b, den_b)) = (pace(a), pace(b));
    frames_a * num_b * den_a == frames_b * num_a * den_b
}

/// Whether a graph could bring all inputs at the paces agreed.
fn consistent(agreed: &Agreed) -> bool {
    agreed.inputs.windows(2).all(|pair| in_step(&pair[0], &pair[1]))
}

/// Whether frames leave through a port.
pub fn moves_frames(port: &AgreedPort) -> bool {
    port.format.kind != Kind::EVENTS
}
