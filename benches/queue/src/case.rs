//! What is measured, and its table.

use stocktake_bench_common::Cost;

/// So many workers, each of which puts, and claims and ends, so many jobs at a time.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub workers: usize,
    pub batch: usize,
    /// In all.
    pub jobs: usize,
}

pub fn all(scale: f64) -> Vec<Case> {
    let cells = [(1, 1, 1_000), (4, 1, 3_000), (16, 1, 8_000), (1, 10, 8_000), (4, 10, 16_000), (16, 10, 32_000)];
    let large = [(1, 100, 40_000), (4, 100, 60_000), (16, 100, 80_000)];
    let case = |(workers, batch, jobs): (usize, usize, usize)| {
        let round = workers * batch;
        Case { workers, batch, jobs: ((jobs as f64 * scale) as usize).div_ceil(round) * round }
    };
    cells.into_iter().chain(large).map(case).collect()
}

#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub put: Cost,
    /// Claiming and ending.
    pub run: Cost,
}

impl Measured {
    pub fn cpu(&self) -> f64 {
        self.put.cpu() + self.run.cpu()
    }

    /// The run with the middle processor time.
    pub fn middle(mut all: Vec<Self>) -> Self {
        all.sort_by(|a, b| a.cpu().total_cmp(&b.cpu()));
        all[all.len() / 2]
    }
}

type Line = (Case, Measured, Vec<(&'static str, Measured)>);

pub fn print(title: &str, lines: &[Line]) {
    println!("### {title}\n");
    println!(
        "| workers | batch | | put /s | claim + done /s | CPU µs a job: put | claim + done | of that server | \
         jobs per CPU s | ours beside it |"
    );
    println!("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (case, ours, floors) in lines {
        let jobs = case.jobs as f64;
        let line = |name: &str, m: &Measured, beside: String| {
            println!(
                "| {} | {} | {name} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} | {:.0} | {beside} |",
                case.workers,
                case.batch,
                jobs / m.put.wall.as_secs_f64(),
                jobs / m.run.wall.as_secs_f64(),
                m.put.cpu() * 1e6 / jobs,
                m.run.cpu() * 1e6 / jobs,
                m.run.server.as_secs_f64() * 1e6 / jobs,
                jobs / m.cpu(),
            );
        };
        line("**ours**", ours, String::new());
        for (name, floor) in floors {
            line(name, floor, format!("**{:.2}**", floor.cpu() / ours.cpu()));
        }
    }
    println!();
}
