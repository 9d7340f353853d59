//! What a person sees while a model trains or a file loads: bars on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mdm_models::Encoder;
use mdm_train::{Checkpoint, EpochRecord, Error, Observer, StepReport};

/// Progress on standard error.
pub struct Progress {
    bars: Option<Bars>,
    epochs: usize,
}

struct Bars {
    all: MultiProgress,
    epochs: ProgressBar,
    batches: ProgressBar,
}

impl Progress {
    /// Progress of a training of at most `epochs` epochs.
    pub fn new(epochs: usize) -> Self {
        let bars = std::io::stderr().is_terminal().then(Bars::new);
        Self { bars, epochs }
    }

    /// A line that stays, above the bars.
    fn line(&self, text: &str) {
        match &self.bars {
            // The bars were made for a terminal; if it is gone, so is the reader.
            Some(bars) => drop(bars.all.println(text)),
            None => eprintln!("{text}"),
        }
    }
}

impl Bars {
    fn new() -> Self {
        let style = |template| ProgressStyle::with_template(template).expect("a valid template");
        let all = MultiProgress::new();
        // It counts steps, so that the time left is known within the first epoch.
        let epoch_bar = all.add(ProgressBar::no_length());
        epoch_bar.set_style(style(
            "epochs  {bar:30} {msg}  {elapsed} elapsed, {eta} left",
        ));
        let batch_bar = all.add(ProgressBar::new(1));
        batch_bar.set_style(style("batches {bar:30} {pos}/{len}  {msg}"));
        epoch_bar.enable_steady_tick(Duration::from_millis(500));
        Self {
            all,
            epochs: epoch_bar,
            batches: batch_bar,
        }
    }
}

impl Observer for Progress {
    fn step(&mut self, step: &StepReport) {
        if let Some(bars) = &self.bars {
            let done = (step.epoch - 1) * step.steps + step.step;
            bars.epochs
                .set_length(self.epochs.saturating_mul(step.steps) as u64);
            bars.epochs.set_position(done as u64);
            bars.epochs
                .set_message(format!("{}/{}", step.epoch, self.epochs));
            bars.batches.set_length(step.steps as u64);
            bars.batches.set_position(step.step as u64);
            if !step.task.is_nan() {
                bars.batches
                    .set_message(losses(step.task.into(), step.measure.into()));
            }
        }
    }

    fn epoch(
        &mut self,
        record: &EpochRecord,
        _best: Option<&Checkpoint<Encoder>>,
    ) -> Result<(), Error> {
        let mark = if record.best { "  best so far" } else { "" };
        // The criterion and the number that most people know.
        let valid = record.valid.summary().into_iter().take(2);
        let valid: Vec<String> = valid
            .map(|(name, value)| format!("{} {value:.4}", name.replace('_', " ")))
            .collect();
        self.line(&format!(
            "epoch {:>width$}/{}  {}  valid {}{mark}",
            record.epoch,
            self.epochs,
            losses(record.train_task, record.train_measure),
            valid.join("  "),
            width = self.epochs.to_string().len(),
        ));
        Ok(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bars) = &self.bars {
            bars.batches.finish_and_clear();
            bars.epochs.finish_and_clear();
        }
    }
}

/// Bytes of a file that are there, on a terminal.
pub fn bytes(there: u64, all: Option<u64>) -> ProgressBar {
    let bar = all.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = match all {
        Some(_) => "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}, {eta} left",
        None => "{bytes}  {bytes_per_sec}",
    };
    bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
    bar.set_position(there);
    bar.reset_eta(); // What was there before was not loaded now.
    bar
}

/// Utterances that are done, on a terminal.
pub fn utterances(all: usize) -> ProgressBar {
    let bar = ProgressBar::new(all as u64);
    let template = "{bar:30} {pos}/{len} utterances  {eta} left";
    bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
    bar
}

fn losses(task: f64, measure: f64) -> String {
    if measure.is_nan() {
        format!("task {task:.4}")
    } else {
        format!("task {task:.4}  measure {measure:.4}")
    }
}
