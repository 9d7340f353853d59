//! A long short-term memory layer with PyTorch's conventions.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;

/// One LSTM layer over a whole sequence, as `torch.nn.LSTM`: gates in the order input, forget, cell candidate, output,
/// two biases, zero initial state, everything initialised from `U(±1/√hidden)`.
///
/// ```text
/// [i f g o] = x_t W_ih + b_ih + h W_hh + b_hh
/// c = sigmoid(f) c + sigmoid(i) tanh(g)
/// h = sigmoid(o) tanh(c)
/// ```
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::seed;
/// use mdm_models::Lstm;
///
/// let device = Device::flex();
/// let lstm = Lstm::init(5, 8, &mut seed::stream(0, "lstm", 0), &device);
/// let states = lstm.forward(Tensor::zeros([2, 7, 5], &device));
/// assert_eq!(states.dims(), [2, 7, 8]);
/// ```
#[derive(Module, Debug)]
pub struct Lstm {
    /// `[input, 4 · hidden]`
    pub weight_ih: Param<Tensor<2>>,
    /// `[hidden, 4 · hidden]`
    pub weight_hh: Param<Tensor<2>>,
    /// `[4 · hidden]`
    pub bias_ih: Param<Tensor<1>>,
    /// `[4 · hidden]`
    pub bias_hh: Param<Tensor<1>>,
}

impl Lstm {
    /// A fresh layer from `input` to `hidden` features.
    pub fn init(input: usize, hidden: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let bound = 1.0 / (hidden.max(1) as f64).sqrt();
        Self {
            weight_ih: init::uniform([input, 4 * hidden], bound, rng, device),
            weight_hh: init::uniform([hidden, 4 * hidden], bound, rng, device),
            bias_ih: init::uniform([4 * hidden], bound, rng, device),
            bias_hh: init::uniform([4 * hidden], bound, rng, device),
        }
    }

    /// The hidden state after every step.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, steps, input]`
    /// - output: `[batch, steps, hidden]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        Tensor::stack(self.run(x).0, 1)
    }

    /// The hidden and the cell state after every step, each `[batch, steps, hidden]`.
    pub fn states(&self, x: Tensor<3>) -> (Tensor<3>, Tensor<3>) {
        let (hidden, cells) = self.run(x);
        (Tensor::stack(hidden, 1), Tensor::stack(cells, 1))
    }

    /// Hidden and cell states step by step, each `[batch, hidden]`.
    fn run(&self, x: Tensor<3>) -> (Vec<Tensor<2>>, Vec<Tensor<2>>) {
        let [batch, steps, input] = x.dims();
        let [hidden, gates] = self.weight_hh.dims();
        // Steps first: the input part of all gates is one product, and a step is then a contiguous piece of it.
        let x = x.swap_dims(0, 1).reshape([steps * batch, input]);
        let bias = self.bias_ih.val() + self.bias_hh.val();
        let projected = x.matmul(self.weight_ih.val()) + bias.unsqueeze::<2>();
        let weight_hh = self.weight_hh.val();

        let mut h = Tensor::<2>::zeros([batch, hidden], &projected.device());
        let mut c = h.clone();
        let mut states = (Vec::with_capacity(steps), Vec::with_capacity(steps));
        for step in split_steps(projected.reshape([steps, batch, gates])) {
            let gates = step + h.matmul(weight_hh.clone());
            let [i, f, g, o] = quarters(gates);
            c = activation::sigmoid(f) * c + activation::sigmoid(i) * activation::tanh(g);
            h = activation::sigmoid(o) * activation::tanh(c.clone());
            states.0.push(h.clone());
            states.1.push(c.clone());
        }
        states
    }
}

/// Splits `[steps, batch, width]` into its steps by halves.
///
/// The backward of one slice fills a tensor of the size of what was sliced: cutting every step from the whole costs
/// O(steps²), halving costs O(steps log steps).
pub(crate) fn split_steps(x: Tensor<3>) -> Vec<Tensor<2>> {
    let steps = x.dims()[0];
    if steps == 1 {
        return vec![x.squeeze_dim(0)];
    }
    let half = steps / 2;
    let mut first = split_steps(x.clone().narrow(0, 0, half));
    first.extend(split_steps(x.narrow(0, half, steps - half)));
    first
}

fn quarters(gates: Tensor<2>) -> [Tensor<2>; 4] {
    let width = gates.dims()[1] / 4;
    [0, 1, 2, 3].map(|gate| gates.clone().narrow(1, gate * width, width))
}
