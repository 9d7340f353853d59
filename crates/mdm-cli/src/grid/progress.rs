use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How far a grid of cells is, on standard error: a bar on a terminal, a line for each cell elsewhere.
pub struct Progress {
    bar: Option<ProgressBar>,
    all: usize,
    kept: usize,
    done: usize,
    clock: Instant,
}

impl Progress {
    /// Progress through `all` cells, of which `kept` are there from an earlier run.
    pub fn new(all: usize, kept: usize) -> Self {
        if kept > 0 {
            eprintln!("{kept} of {all} fits are kept from an earlier run");
        }
        let bar = (std::io::stderr().is_terminal() && kept < all).then(|| {
            let template = "fits {bar:30} {pos}/{len}  {elapsed} elapsed, {eta} left  {msg}";
            let bar = ProgressBar::new(all as u64);
            bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
            bar.set_position(kept as u64);
            // What is kept took no time now.
            bar.reset_eta();
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self {
            bar,
            all,
            kept,
            done: kept,
            clock: Instant::now(),
        }
    }

    /// What is going on now, for a terminal.
    pub fn now(&self, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text);
        }
    }

    /// One more cell is done.
    pub fn cell(&mut self, text: &str) {
        self.done += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(text.to_owned());
                bar.inc(1);
            }
            None => {
                let width = self.all.to_string().len();
                let (done, all) = (self.done, self.all);
                eprintln!("{done:>width$}/{all}  {text}  {} left", self.left());
            }
        }
    }

    fn left(&self) -> String {
        let mean = self.clock.elapsed().as_secs_f64() / (self.done - self.kept) as f64;
        let seconds = mean * (self.all - self.done) as f64;
        match seconds {
            ..100.0 => format!("{seconds:.0} s"),
            ..6000.0 => format!("{:.0} min", seconds / 60.0),
            _ => format!("{:.1} h", seconds / 3600.0),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
