//! Modalities taken away, frames damaged, modalities permuted: each operation by hand on small utterances.

mod common;

use common::real_file;
use mdm_data::corpus::{Corpus, Emotions, Features, Modality, ModalityInfo, Utterance};
use mdm_data::layout::{self, Layout};
use mdm_data::surgery::{Fill, FillStatistics, Surgery, permute};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

const LANGUAGE: usize = 0;
const AUDIO: usize = 1;
const VISION: usize = 2;
const ALL: [usize; 3] = [LANGUAGE, AUDIO, VISION];

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// An utterance whose every value tells where it stands: 1000 · number + 100 · modality + 10 · step + feature.
fn utterance(number: usize, steps: usize) -> Utterance {
    let features = [1, 2, 1].into_iter().enumerate();
    let features = features.map(|(modality, dim)| {
        let value = |place: usize| {
            (1000 * number + 100 * modality + 10 * (place / dim) + place % dim) as f32
        };
        Features::new(dim, (0..steps * dim).map(value).collect())
    });
    Utterance {
        id: format!("u{number}"),
        words: (0..steps).map(|step| format!("w{number}-{step}")).collect(),
        features: features.collect(),
        label: number as f32 / 10.0,
        emotions: Some(Emotions([number as f32; 6])),
    }
}

/// Training frames of audio: 1 and 3 in the first feature, 5 always in the second; a test split of lengths 1 to 4.
fn corpus() -> Corpus {
    let info = |(modality, dim)| ModalityInfo { modality, dim };
    let modalities = [
        (Modality::Language, 1),
        (Modality::Audio, 2),
        (Modality::Vision, 1),
    ];
    let mut corpus = Corpus::new("t", modalities.map(info).to_vec());
    corpus.train.push(Utterance {
        features: vec![
            Features::new(1, vec![0.0, 6.0]),
            Features::new(2, vec![1.0, 5.0, 3.0, 5.0]),
            Features::new(1, vec![-2.0, -2.0]),
        ],
        ..Utterance::default()
    });
    corpus.test = (1..=4).map(|number| utterance(number, number)).collect();
    corpus
}

fn surgery(fill: Fill) -> Surgery {
    Surgery::new(fill, FillStatistics::fit(&corpus()))
}

/// Everything but the frames of `modalities` is as it was, the number of their steps included.
#[track_caller]
fn only_frames_changed(before: &[Utterance], after: &[Utterance], modalities: &[usize]) {
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        let mut restored = after.clone();
        for &modality in modalities {
            let (old, new) = (&before.features[modality], &after.features[modality]);
            assert_eq!((old.steps(), old.dim()), (new.steps(), new.dim()));
            restored.features[modality] = old.clone();
        }
        assert_eq!(&restored, before);
    }
}

#[test]
fn zeros_and_means_stand_in_every_frame() {
    for (fill, frame) in [(Fill::Zero, [0.0, 0.0]), (Fill::Mean, [2.0, 5.0])] {
        let mut utterances = corpus().test;
        surgery(fill)
            .drop_modalities(&mut utterances, &[AUDIO], 1.0, &mut rng(0))
            .unwrap();
        only_frames_changed(&corpus().test, &utterances, &[AUDIO]);
        for utterance in &utterances {
            assert!(utterance.features[AUDIO].rows().all(|row| row == frame));
        }
    }
}

#[test]
fn noise_has_the_moments_of_the_training_split() {
    let mut utterances = vec![utterance(1, 20_000)];
    surgery(Fill::Noise)
        .drop_modalities(&mut utterances, &[AUDIO], 1.0, &mut rng(3))
        .unwrap();
    only_frames_changed(&[utterance(1, 20_000)], &utterances, &[AUDIO]);
    let rows = utterances[0].features[AUDIO].rows();
    let first: Vec<f64> = rows.clone().map(|row| f64::from(row[0])).collect();
    let mean = first.iter().sum::<f64>() / 20_000.0;
    let variance = first.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
    // Mean 2, deviation 1: five standard errors of 20,000 draws.
    assert!((mean - 2.0).abs() < 5.0 / 20_000.0_f64.sqrt(), "{mean}");
    assert!((variance - 1.0).abs() < 5.0 * 0.01, "{variance}");
    // A feature that never varies has no noise.
    assert!(rows.into_iter().all(|row| row[1] == 5.0));
}

#[test]
fn statistics_come_from_the_training_split_alone() {
    let mut changed = corpus();
    for utterance in &mut changed.test {
        utterance.features[AUDIO].data_mut().fill(1e9);
    }
    changed.valid.push(utterance(9, 3));
    assert_eq!(
        FillStatistics::fit(&corpus()),
        FillStatistics::fit(&changed)
    );
    changed.train.push(utterance(9, 3));
    assert_ne!(
        FillStatistics::fit(&corpus()),
        FillStatistics::fit(&changed)
    );
}

#[test]
fn another_utterance_stands_in_at_ones_own_length() {
    for seed in 0..50 {
        let before = corpus().test;
        let mut after = before.clone();
        surgery(Fill::Shuffled)
            .drop_modalities(&mut after, &[AUDIO], 1.0, &mut rng(seed))
            .unwrap();
        only_frames_changed(&before, &after, &[AUDIO]);
        let mut donors = Vec::new();
        for (own, utterance) in after.iter().enumerate() {
            let audio = &utterance.features[AUDIO];
            let donor = audio.row(0)[0] as usize / 1000 - 1;
            assert_ne!(donor, own, "an utterance got its own audio");
            // The donor's frames in order, again and again, however many it has.
            let frames = before[donor].features[AUDIO].rows().cycle();
            assert!(audio.rows().eq(frames.take(own + 1)));
            donors.push(donor);
        }
        donors.sort_unstable();
        assert_eq!(donors, [0, 1, 2, 3], "each gives once");
    }
}

#[test]
fn every_other_utterance_stands_in_as_often() {
    let before = corpus().test;
    let mut counts = [0_u32; 4];
    for seed in 0..3000 {
        let mut after = before.clone();
        surgery(Fill::Shuffled)
            .drop_modalities(&mut after, &[VISION], 1.0, &mut rng(seed))
            .unwrap();
        counts[after[0].features[VISION].row(0)[0] as usize / 1000 - 1] += 1;
    }
    assert_eq!(counts[0], 0);
    // 1000 each; five standard deviations of a binomial count are 129.
    assert!(
        counts[1..].iter().all(|count| count.abs_diff(1000) < 130),
        "{counts:?}"
    );
}

#[test]
fn two_modalities_that_are_dropped_come_from_different_draws() {
    let apart = (0..50).filter(|&seed| {
        let mut after = corpus().test;
        surgery(Fill::Shuffled)
            .drop_modalities(&mut after, &[AUDIO, VISION], 1.0, &mut rng(seed))
            .unwrap();
        only_frames_changed(&corpus().test, &after, &[AUDIO, VISION]);
        let donor = |modality: usize| after[0].features[modality].row(0)[0] as usize / 1000;
        donor(AUDIO) != donor(VISION)
    });
    // Of three possible donors, two draws agree a third of the time.
    let apart = apart.count();
    assert!((15..50).contains(&apart), "{apart}");
}

/// Which modalities of each utterance are zeros.
fn lost(utterances: &[Utterance]) -> Vec<[bool; 3]> {
    let is_zero = |features: &Features| features.data().iter().all(|&value| value == 0.0);
    let of = |utterance: &Utterance| ALL.map(|modality| is_zero(&utterance.features[modality]));
    utterances.iter().map(of).collect()
}

fn many() -> Vec<Utterance> {
    (1..=4000)
        .map(|number| utterance(number, 1 + number % 3))
        .collect()
}

#[track_caller]
fn is_binomial(count: usize, n: usize, p: f64) {
    let (count, n) = (count as f64, n as f64);
    let deviation = (n * p * (1.0 - p)).sqrt();
    assert!(
        (count - n * p).abs() <= 5.0 * deviation,
        "{count} of {n}, expected {}",
        n * p
    );
}

#[test]
fn a_rate_is_the_share_that_is_dropped() {
    for rate in [0.0, 0.1, 0.5, 1.0] {
        let mut utterances = many();
        surgery(Fill::Zero)
            .drop_modalities(&mut utterances, &[AUDIO, VISION], rate, &mut rng(1))
            .unwrap();
        only_frames_changed(&many(), &utterances, &[AUDIO, VISION]);
        let lost = lost(&utterances);
        let count = |modality: usize| lost.iter().filter(|lost| lost[modality]).count();
        assert_eq!(count(LANGUAGE), 0);
        is_binomial(count(AUDIO), 4000, rate);
        is_binomial(count(VISION), 4000, rate);
        let both = lost.iter().filter(|lost| lost[AUDIO] && lost[VISION]);
        is_binomial(both.count(), 4000, rate * rate);
    }
}

#[test]
fn no_utterance_loses_everything() {
    for rate in [0.3, 0.9, 1.0] {
        let mut utterances = many();
        surgery(Fill::Zero)
            .drop_modalities(&mut utterances, &ALL, rate, &mut rng(2))
            .unwrap();
        let lost = lost(&utterances);
        assert!(lost.iter().all(|lost| lost.contains(&false)));
        for modality in ALL {
            let count = lost.iter().filter(|lost| lost[modality]).count();
            is_binomial(count, 4000, rate - f64::powi(rate, 3) / 3.0);
        }
    }
}

#[test]
fn frames_are_damaged_one_by_one_at_a_rate() {
    let all = many();
    for fill in Fill::ALL {
        let mut after = all.clone();
        surgery(fill)
            .corrupt_frames(&mut after, VISION, 0.25, &mut rng(4))
            .unwrap();
        only_frames_changed(&all, &after, &[VISION]);
        let (mut damaged, mut frames) = (0, 0);
        for (before, after) in all.iter().zip(&after) {
            let pairs = before.features[VISION]
                .rows()
                .zip(after.features[VISION].rows());
            for (step, (old, new)) in pairs.enumerate() {
                frames += 1;
                if old == new {
                    continue;
                }
                damaged += 1;
                match fill {
                    Fill::Zero => assert_eq!(new, [0.0]),
                    // Vision never varies in training: its noise is its mean.
                    Fill::Mean | Fill::Noise => assert_eq!(new, [-2.0]),
                    _ => {
                        let donor = &all[new[0] as usize / 1000 - 1];
                        let features = &donor.features[VISION];
                        assert_eq!(new, features.row(step % features.steps()));
                    }
                }
            }
        }
        is_binomial(damaged, frames, 0.25);
    }
}

#[test]
fn a_seed_gives_the_same_and_takes_the_same_whatever_the_fill() {
    let drop = |fill, seed| {
        let mut utterances = many();
        surgery(fill)
            .drop_modalities(&mut utterances, &ALL, 0.4, &mut rng(seed))
            .unwrap();
        utterances
    };
    let changed = |utterances: &[Utterance]| -> Vec<[bool; 3]> {
        let pairs = utterances.iter().zip(many());
        pairs
            .map(|(after, before)| ALL.map(|m| after.features[m] != before.features[m]))
            .collect()
    };
    let zeros = drop(Fill::Zero, 5);
    for fill in Fill::ALL {
        let once = drop(fill, 5);
        assert!(once == drop(fill, 5), "{fill}: the same seed differs");
        assert!(once != drop(fill, 6), "{fill}: another seed does not");
        assert!(changed(&once) == changed(&zeros), "{fill}");
    }
}

#[test]
fn permuted_streams_are_read_to_the_length_of_the_language() {
    let before = corpus().test;
    let mut after = before.clone();
    permute(
        &mut after,
        &[vec![0, 1, 2, 3], vec![3, 2, 1, 0], vec![1, 2, 3, 0]],
    );
    only_frames_changed(&before, &after, &[AUDIO, VISION]);
    // Lengths are 1 to 4. The first takes audio of the last, cut; the last takes that of the first, repeated.
    assert_eq!(after[0].features[AUDIO].data(), [4100.0, 4101.0]);
    assert_eq!(
        after[3].features[AUDIO].data(),
        [
            1100.0, 1101.0, 1100.0, 1101.0, 1100.0, 1101.0, 1100.0, 1101.0
        ]
    );
    assert_eq!(after[2].features[VISION].data(), [4200.0, 4210.0, 4220.0]);
    assert_eq!(after[3].features[VISION].data(), [1200.0; 4]);
}

#[test]
fn an_unaligned_stream_is_permuted_to_the_steps_of_the_language_too() {
    let mut utterances = vec![utterance(1, 2), utterance(2, 3)];
    utterances[0].features[VISION] = Features::new(1, vec![7.0; 9]);
    utterances[1].features[VISION] = Features::new(1, vec![8.0]);
    permute(&mut utterances, &[vec![0, 1], vec![0, 1], vec![1, 0]]);
    assert_eq!(utterances[0].features[VISION].data(), [8.0, 8.0]);
    assert_eq!(utterances[1].features[VISION].data(), [7.0, 7.0, 7.0]);
}

#[test]
#[should_panic(expected = "the first modality stays in place")]
fn a_permutation_of_the_language_is_refused() {
    permute(
        &mut corpus().test,
        &[vec![1, 0, 2, 3], vec![0, 1, 2, 3], vec![0, 1, 2, 3]],
    );
}

#[test]
fn wrong_rates_and_a_single_utterance_are_errors() {
    for rate in [-0.1, 1.1, f64::NAN] {
        let mut utterances = corpus().test;
        let error = surgery(Fill::Zero)
            .drop_modalities(&mut utterances, &[AUDIO], rate, &mut rng(0))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("rate") && error.contains("from 0 to 1"),
            "{error}"
        );
        assert!(
            surgery(Fill::Zero)
                .corrupt_frames(&mut utterances, AUDIO, rate, &mut rng(0))
                .is_err()
        );
        assert!(utterances == corpus().test, "changed in spite of the error");
    }
    let error = surgery(Fill::Shuffled)
        .drop_modalities(&mut [utterance(1, 2)], &[AUDIO], 1.0, &mut rng(0))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("shuffle") && error.contains("found 1"),
        "{error}"
    );
}

#[test]
fn fills_have_names() {
    for (fill, name) in Fill::ALL
        .into_iter()
        .zip(["zero", "mean", "noise", "shuffle"])
    {
        assert_eq!(fill.to_string(), name);
        assert_eq!(name.parse::<Fill>().unwrap(), fill);
        assert_eq!(serde_json::to_string(&fill).unwrap(), format!("\"{name}\""));
    }
    let error = "ones".parse::<Fill>().unwrap_err().to_string();
    assert!(error.contains("zero, mean, noise, shuffle"), "{error}");
}

#[test]
fn mosi_is_filled_with_the_moments_of_its_training_words() {
    let Some(path) = real_file("mosi/mosi_mag_layout.pkl") else {
        return;
    };
    let corpus = layout::read(Layout::Mag, &path).unwrap();
    let vision = corpus.index_of(Modality::Vision).unwrap();
    let filled = |fill| {
        let mut test = corpus.test.clone();
        Surgery::new(fill, FillStatistics::fit(&corpus))
            .drop_modalities(&mut test, &[vision], 1.0, &mut rng(7))
            .unwrap();
        test
    };
    // NumPy, over the 15,513 training rows of the pickle: vision.mean(0) and vision.std(0).
    let means = [
        0.26703552, 0.05746404, 0.04369218, 0.47014878, 4.03248888, 27.3786409,
    ];
    let deviations = [
        0.20629718,
        0.14277511,
        0.12812005,
        0.2852121,
        2.08798328,
        32.81222535,
    ];
    for utterance in filled(Fill::Mean) {
        for row in utterance.features[vision].rows() {
            for (value, mean) in row.iter().zip(means) {
                assert!((f64::from(*value) / mean - 1.0).abs() < 1e-6, "{row:?}");
            }
        }
    }
    let noise = filled(Fill::Noise);
    let frames: Vec<&[f32]> = noise
        .iter()
        .flat_map(|utterance| utterance.features[vision].rows())
        .collect();
    assert_eq!(frames.len(), 9533);
    for (feature, (mean, deviation)) in means.into_iter().zip(deviations).enumerate() {
        let standard = |frame: &&[f32]| (f64::from(frame[feature]) - mean) / deviation;
        let first = frames.iter().map(standard).sum::<f64>() / 9533.0;
        let second = frames
            .iter()
            .map(|frame| standard(frame).powi(2))
            .sum::<f64>()
            / 9533.0;
        // Five standard errors.
        assert!(first.abs() < 5.0 / 9533_f64.sqrt(), "{first}");
        assert!(
            (second - 1.0).abs() < 5.0 * (2.0 / 9533_f64).sqrt(),
            "{second}"
        );
    }
}
