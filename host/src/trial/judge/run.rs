//! The whole run: latency, lanes, allocations, load, memory.
use super::{Evidence, Found};
use crate::control::Report;
use crate::graph::{ExpectTable, Limit, OutputKind};
use crate::plugin::Taken;

const MIB: f64 = 1024.0 * 1024.0;

impl Evidence<'_> {
    pub(super) fn of_run(&self, expect: &ExpectTable, limit: &Limit) -> Result<Found, String> {
        let outcome = self.outcome;
        match limit.measure.key {
            "latency_ms" => self.latency(expect),
            "late" if self.device.is_some() => Ok(self.late_on_device()),
            "late" => {
                let late = outcome.reports.iter().map(|report| match report {
                    Report::Late { firings, .. } => *firings,
                    _ => 0,
                });
                Ok(Found::of(late.sum::<u64>() as f64)
                    .defined("answers of lanes that came after they were due; in a replay, lanes are waited for: `aw bench` runs them by the clock"))
            }
            "allocations" if !Taken::SEEN => Err("allocations are not seen on this system".into()),
            "allocations" => {
                let nodes = outcome.load.iter().filter(|load| !load.node.is_empty() && load.allocations > 0);
                let nodes: Vec<_> = nodes.collect();
                let mut found = Found::of(nodes.iter().map(|load| load.allocations).sum::<u64>() as f64);
                found.why = nodes.iter().map(|load| format!("`{}` made {}", load.node, load.allocations)).collect();
                Ok(found.defined("calls of malloc, free and their like in `process`, C libraries included"))
            }
            "load_percent" if let Some(device) = self.device => {
                let audio = device.tasks.iter().find(|task| task.name == "audio").ok_or("nothing was played")?;
                let mut found = Found::of(audio.percent.typical);
                let worst = device.nodes.iter().filter_map(|node| Some((node.percent?.typical, &node.name)));
                let worst = worst.max_by(|a, b| a.0.total_cmp(&b.0));
                found.why.extend(worst.map(|(percent, name)| format!("`{name}` takes {percent:.1} %")));
                Ok(found.defined("cycles of the audio task, interrupts included, of those of a core of the device; mean, as expected"))
            }
            "load_percent" => {
                let whole = outcome.load.iter().find(|load| load.node.is_empty());
                let whole = whole.ok_or("nothing was played")?;
                let mut found = Found::of(100.0 * whole.p99 as f64 / whole.deadline);
                let worst = outcome.load.iter().filter(|load| !load.node.is_empty()).max_by_key(|load| load.p99);
                found.why.extend(worst.map(|load| format!("most of it is `{}`", load.node)));
                Ok(found.defined("the time that 99 of 100 blocks stay below, of a block's time; this machine, alone"))
            }
            _ => Ok(Found::of(outcome.memory as f64 / MIB)
                .defined("streams of the graph, and what worker libraries hold that tell; engines in C are not seen")),
        }
    }

    /// Answers of lanes, and blocks, that were not there in the device's time, where all costs are as expected.
    fn late_on_device(&self) -> Found {
        let tasks = self.device.map_or(&[][..], |device| device.tasks.as_slice());
        let late = tasks.iter().filter(|task| task.deadline_ms.is_some());
        let late: Vec<_> = late.map(|task| (&task.name, task.missed[1])).filter(|(_, missed)| *missed > 0).collect();
        let mut found = Found::of(late.iter().map(|(_, missed)| *missed).sum::<u64>() as f64);
        found.why = late.iter().map(|(name, missed)| format!("{missed} of `{name}`")).collect();
        found.defined("answers of lanes and blocks of sound that were not there in the device's time, where costs are as expected")
    }

    fn latency(&self, expect: &ExpectTable) -> Result<Found, String> {
        let plan = &self.outcome.plan;
        let audio = plan.outputs.iter().filter(|output| matches!(output.kind, OutputKind::Audio(_)));
        let named = audio.filter(|output| expect.output.as_ref().is_none_or(|name| name.value == output.name));
        let latest = named.map(|output| plan.latency(output).ms()).reduce(f64::max);
        latest.map(Found::of).ok_or_else(|| "this graph has no audio output".into())
    }
}
