//! From layers of TOML to one checked config: defaults, preset, file, `--set`, flags.

mod keys;
mod layer;

use std::path::Path;

use anyhow::{Context, bail, ensure};
use mdm_train::ExperimentConfig;
use mdm_train::run::RunFolder;
use toml::Table;

pub use layer::Layer;

/// The defaults, compiled in: the binary needs no file beside it.
const DEFAULTS: &str = include_str!("../../../../configs/default.toml");

/// The presets by name.
const PRESETS: [(&str, &str); 2] = [
    (
        "paper",
        include_str!("../../../../configs/presets/paper.toml"),
    ),
    (
        "official",
        include_str!("../../../../configs/presets/official.toml"),
    ),
];

/// Settings on top of each other; each layer is checked against the defaults when it is added.
pub struct Settings {
    defaults: Table,
    merged: Table,
}

impl Settings {
    /// The defaults alone.
    pub fn new() -> Self {
        let defaults: Table = DEFAULTS.parse().expect("the built-in defaults are TOML");
        Self {
            merged: defaults.clone(),
            defaults,
        }
    }

    /// Adds a preset.
    ///
    /// # Errors
    ///
    /// An unknown name.
    pub fn add_preset(&mut self, name: &str) -> anyhow::Result<()> {
        let Some((_, text)) = PRESETS.iter().find(|(known, _)| *known == name) else {
            let known = PRESETS.map(|(known, _)| known).join(", ");
            bail!("unknown preset `{name}`; known are {known}");
        };
        self.add(&Layer::parse(format!("preset {name}"), (*text).to_owned())?)
    }

    /// Adds a file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is not TOML, or holds an unknown key or a wrong value: with file and line.
    pub fn add_file(&mut self, path: &Path) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the config {}", path.display()))?;
        self.add(&Layer::parse(path.display().to_string(), text)?)
    }

    /// Adds one `section.key=value`.
    ///
    /// # Errors
    ///
    /// As for a file.
    pub fn add_assignment(&mut self, assignment: &str) -> anyhow::Result<()> {
        let Some((key, value)) = assignment.split_once('=') else {
            bail!("--set {assignment}: expected KEY=VALUE");
        };
        let (key, value) = (key.trim(), value.trim());
        // A bare word is a string: `--set model.name=ef-lstm` needs no quotes.
        let quoted = || toml::Value::String(value.to_owned()).to_string();
        let origin = format!("--set {assignment}");
        let layer = Layer::parse(origin.clone(), format!("{key} = {value}"))
            .or_else(|_| Layer::parse(origin, format!("{key} = {}", quoted())))?;
        self.add(&layer)
    }

    /// Sets one key to a value that the command line has parsed already.
    ///
    /// # Errors
    ///
    /// A wrong value, under the flag's name.
    pub fn add_flag(&mut self, flag: &str, key: &str, value: toml::Value) -> anyhow::Result<()> {
        self.add(&Layer::parse(flag.to_owned(), format!("{key} = {value}"))?)
    }

    /// Adds a layer.
    ///
    /// # Errors
    ///
    /// An unknown key or a wrong value, with its place.
    pub fn add(&mut self, layer: &Layer) -> anyhow::Result<()> {
        keys::check(layer, &self.defaults)?;
        layer::merge(&mut self.merged, layer.table().clone());
        // Each layer is read on top of the ones before it, so that a wrong value is blamed on the layer it came with.
        self.read().map_err(|error| layer.locate(&error))?;
        Ok(())
    }

    fn read(&self) -> Result<ExperimentConfig, serde_path_to_error::Error<toml::de::Error>> {
        serde_path_to_error::deserialize(toml::Value::Table(self.merged.clone()))
    }

    /// The resolved config, its ranges checked.
    ///
    /// # Errors
    ///
    /// A value outside its range.
    pub fn resolve(&self) -> anyhow::Result<ExperimentConfig> {
        let config = self.read().map_err(|error| anyhow::anyhow!("{error}"))?;
        config.check()?;
        Ok(config)
    }
}

/// A run folder with its config.
///
/// # Errors
///
/// A folder that holds no run, a config that cannot be read.
pub fn of_run(path: &Path) -> anyhow::Result<(RunFolder, ExperimentConfig)> {
    let run = RunFolder::open(path);
    ensure!(
        run.config().is_file(),
        "{} is not a run folder: it has no config.toml",
        path.display()
    );
    // On top of the defaults: a run from before a setting was there has its default.
    let mut settings = Settings::new();
    settings.add_file(&run.config())?;
    Ok((run, settings.resolve()?))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use proptest::prelude::*;

    fn error_of(text: &str) -> String {
        let mut settings = Settings::new();
        let layer = Layer::parse("my.toml".into(), text.into());
        let error = layer.and_then(|layer| settings.add(&layer)).unwrap_err();
        error.to_string()
    }

    #[test]
    fn the_defaults_are_a_config() {
        let config = Settings::new().resolve().unwrap();
        assert_eq!(config.data.dataset, "synthetic");
        assert_eq!(config.penalty.unroll, 10);
        // The libraries' own defaults, for those who have no config file.
        assert_eq!(config.model, mdm_models::ModelConfig::default());
    }

    #[test]
    fn the_presets_are_configs() {
        for (name, _) in PRESETS {
            let mut settings = Settings::new();
            settings.add_preset(name).unwrap();
            settings.resolve().unwrap();
        }
        let error = Settings::new().add_preset("papr").unwrap_err();
        assert!(error.to_string().contains("paper, official"), "{error}");
    }

    /// Every TOML file under a folder.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .flat_map(|path| match path.is_dir() {
                true => files(&path),
                false => vec![path],
            })
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "toml")
            })
            .collect()
    }

    #[test]
    fn every_file_of_the_configs_is_one() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let files = files(&folder);
        assert!(
            files
                .iter()
                .any(|file| file.ends_with("mosei/mfn_mmsa.toml"))
        );
        for file in files {
            let mut settings = Settings::new();
            settings.add_file(&file).unwrap();
            let config = settings.resolve().unwrap();
            // What a model checks of its own settings, on modalities of any width.
            let inputs = mdm_models::Inputs::vectors(&[4, 3, 2]);
            let mut rng = mdm_core::seed::stream(0, "configs", 0);
            let device = burn::tensor::Device::flex();
            let model = config.model.init(&inputs, 1, &mut rng, &device);
            assert!(model.is_ok(), "{}: {model:?}", file.display());
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
        let error = error_of("seed = 1\n\n[penalty]\nlamda = 0.1\n");
        assert_eq!(
            error,
            "my.toml, line 4: unknown key `penalty.lamda`; did you mean `penalty.lambda`?"
        );
        let error = error_of("[trian]\nepochs = 3\n");
        assert!(
            error.contains("line 1") && error.contains("`train`"),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_its_line() {
        let error = error_of("[train]\nepochs = 3\nloss = \"hinge\"\n");
        assert!(
            error.starts_with("my.toml, line 3: train.loss: "),
            "{error}"
        );
        assert!(error.contains("l1") && error.contains("mse"), "{error}");
        let error = error_of("[train]\nepochs = \"three\"\n");
        assert!(
            error.starts_with("my.toml, line 2: train.epochs: "),
            "{error}"
        );
        let error = error_of("[penalty]\nmeasure = \"entropy\"\n");
        assert!(error.contains("none, kl, mine"), "{error}");
        assert!(
            error_of("seed 3\n").contains("my.toml"),
            "{}",
            error_of("seed 3\n")
        );
    }

    #[test]
    fn later_layers_win_and_leave_the_rest() {
        let mut settings = Settings::new();
        let layer = Layer::parse("a".into(), "[penalty]\nlambda = 0.3\nunroll = 2".into()).unwrap();
        settings.add(&layer).unwrap();
        settings.add_assignment("penalty.lambda=1").unwrap();
        settings.add_assignment("model.name=late-lstm").unwrap();
        settings
            .add_flag("--seed", "seed", toml::Value::Integer(9))
            .unwrap();
        let config = settings.resolve().unwrap();
        assert_eq!(
            (config.penalty.lambda, config.penalty.unroll, config.seed),
            (1.0, 2, 9)
        );
        assert_eq!(config.model.name.name(), "late-lstm");
    }

    #[test]
    fn a_value_out_of_range_is_refused() {
        let mut settings = Settings::new();
        settings.add_assignment("penalty.lambda=-1").unwrap();
        let error = settings.resolve().unwrap_err().to_string();
        assert!(
            error.contains("penalty.lambda") && error.contains("-1"),
            "{error}"
        );
        assert!(settings.add_assignment("penalty.lambda").is_err());
    }

    #[test]
    fn a_resolved_config_reads_back() {
        let config = Settings::new().resolve().unwrap();
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<ExperimentConfig>(&text).unwrap(), config);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// A config or an error that says where it comes from; never a panic.
        #[test]
        fn any_text(text in "\\PC{0,40}") {
            let mut settings = Settings::new();
            if let Ok(layer) = Layer::parse("my.toml".into(), text.clone()) {
                let _ = settings.add(&layer).map(|()| settings.resolve());
            }
            let mut settings = Settings::new();
            if let Err(error) = settings.add_assignment(&text) {
                prop_assert!(error.to_string().contains("--set"), "{error}");
            }
        }

        #[test]
        fn the_defaults_with_a_stretch_replaced(
            start in 0..DEFAULTS.len(),
            length in 0..20usize,
            text in "[a-z0-9_.=\"\\[\\] \n-]{0,10}",
        ) {
            let start = DEFAULTS.floor_char_boundary(start);
            let end = DEFAULTS.floor_char_boundary((start + length).min(DEFAULTS.len()));
            let changed = format!("{}{text}{}", &DEFAULTS[..start], &DEFAULTS[end..]);
            let read = Layer::parse("my.toml".into(), changed).and_then(|layer| {
                let mut settings = Settings::new();
                settings.add(&layer)?;
                settings.resolve()
            });
            if let Err(error) = read {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
