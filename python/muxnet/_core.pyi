"""
The C++ core of muxnet.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import os
import pathlib
import typing
__all__: list[str] = ['AS_GOOD_WITHIN', 'AnswerHistory', 'Augmentation', 'BreakerOptions', 'BusyError', 'CallSpan', 'Choice', 'ClassStatistics', 'Classifier', 'CollectOptions', 'ConnectionOptions', 'Cost', 'CostStatistics', 'CurvePoint', 'DataKind', 'Dataset', 'DecisionBatch', 'Decisions', 'Departure', 'Deployment', 'Details', 'DeviceProfile', 'Diversity', 'DriftMonitor', 'DriftReading', 'EndpointOptions', 'EnergyMeter', 'EpochRecord', 'Estimate', 'Evaluation', 'Exchange', 'FailurePrediction', 'FileError', 'FitOptions', 'Formulation', 'FrozenOptions', 'FrozenOutputs', 'Graph', 'Guarantee', 'HardnessLevel', 'Histogram', 'HostedModel', 'ImagePayload', 'InferenceRequest', 'InputTensor', 'Interval', 'KeptPromise', 'Latency', 'LeftOut', 'Limit', 'LinkProfile', 'Loader', 'Model', 'ModelFigures', 'ModelPool', 'ModelTrainingOptions', 'Multiplexer', 'MultiplexerOptions', 'MultiplexerTrainingOptions', 'MultiplexerView', 'NetworkEntry', 'NetworkOptions', 'Normalization', 'Objective', 'OffloadAccount', 'OffloadAnswer', 'OffloadClient', 'OffloadObjective', 'OffloadOptions', 'OffloadTarget', 'OperatingPoint', 'OperatorEntry', 'OptimizerEntry', 'OptimizerOptions', 'OutcomeTable', 'Policy', 'PolicyEntry', 'PolicyFigures', 'PolicyOptions', 'Precision', 'Predictor', 'Progress', 'Quantity', 'Recorder', 'ReplayedRecord', 'RequestedTensor', 'RetryOptions', 'Routed', 'Router', 'Rule', 'ScheduleEntry', 'ScheduleOptions', 'Service', 'ServiceAnswer', 'ServiceOptions', 'ServiceRequest', 'ServiceStatistics', 'ServiceStatus', 'SplitOptions', 'Splits', 'StageStatistics', 'StuckBatch', 'Study', 'TrainingError', 'TrainingResult', 'Verdict', 'WeightOptions', 'WorkersState', 'accuracy_cost_curve', 'area_above', 'area_between', 'auroc', 'bootstrap_difference', 'bootstrap_mean', 'bootstrap_replicates', 'build_network', 'certify', 'choose_within', 'class_count', 'class_figures', 'cloud_only', 'collapsed_model', 'collect_outcomes', 'count_kept', 'data_kinds', 'decode_images', 'describe_contrastive_collapse', 'digest', 'digest_file', 'divide', 'encode_image', 'encoded_bytes', 'end_within', 'evaluate', 'evaluate_models', 'exchange', 'failure_prediction', 'hardness_levels', 'hybrid', 'image_payloads', 'in_pool', 'interpolate', 'load_images', 'load_onnx', 'load_safetensors', 'load_squares', 'look_closely', 'make_dataset', 'make_model', 'make_multiplexer', 'make_policy', 'make_splits', 'matching_network', 'measure_latency', 'measure_normalization', 'mobile_only', 'monitored_values', 'multiplexed', 'multiplexer_weights', 'networks', 'no_cost', 'normalize', 'open_splits', 'operators', 'optimizers', 'plan_bytes', 'policies', 'probabilities_of', 'read_grpc_request', 'read_rest_request', 'record_decisions', 'recovery_costs', 'release_free_memory', 'replay_records', 'require_same', 'right_wrong_matrix', 'roc_curve', 'run_frozen_models', 'run_multiplexer', 'save_safetensors', 'schedules', 'set_threads', 'shuffle', 'split_dataset', 'study', 'supports_bf16', 'threads', 'train_models', 'train_multiplexer', 'usable_cores', 'versions']
class FileError(OSError):
    pass
class TrainingError(RuntimeError):
    pass
class BusyError(RuntimeError):
    pass
class Normalization:
    """
    Mean and standard deviation per channel.
    """
    def __init__(self, mean: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], deviation: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def deviation(self) -> list[float]:
        ...
    @property
    def mean(self) -> list[float]:
        ...
class Precision:
    """
    In what activations are kept and multiplied.
    
    Members:
    
      full
    
      bf16
    """
    __members__: typing.ClassVar[dict[str, Precision]]
    bf16: typing.ClassVar[Precision]
    full: typing.ClassVar[Precision]
    @typing.overload
    def __eq__(self, other: Precision) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: Precision) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class Graph:
    """
    A network as data: nodes in execution order.
    """
    def __str__(self) -> str:
        ...
    def shape(self, value: typing.SupportsInt | typing.SupportsIndex) -> list[int]:
        """
        Shape of a value, without the batch.
        """
    def summary(self) -> str:
        """
        Table of nodes with shapes, parameters and MACs.
        """
    @property
    def input_shape(self) -> list[int]:
        """
        (channels, height, width).
        """
    @property
    def macs(self) -> int:
        """
        Multiply-accumulates for one input (counted).
        """
    @property
    def nodes(self) -> list[tuple[str, str, list[int], int, dict[str, int | float | list[int]]]]:
        """
        (operator, name, source values, value made, attributes) in execution order.
        """
    @property
    def operators(self) -> set[str]:
        """
        Names of the operators in use.
        """
    @property
    def outputs(self) -> dict[str, int]:
        """
        Values by the name of the output.
        """
    @property
    def parameter_count(self) -> int:
        """
        Trainable parameters (counted).
        """
    @property
    def parameter_shapes(self) -> dict[str, list[int]]:
        """
        Shapes of all named tensors, buffers included.
        """
class OperatorEntry:
    """
    An operator that graphs are made of.
    """
    @property
    def attributes(self) -> list[str]:
        """
        Names of those that it understands.
        """
    @property
    def name(self) -> str:
        ...
class NetworkOptions:
    """
    What a network is built for.
    """
    def __init__(self, *, channels: typing.SupportsInt | typing.SupportsIndex, height: typing.SupportsInt | typing.SupportsIndex, width: typing.SupportsInt | typing.SupportsIndex, classes: typing.SupportsInt | typing.SupportsIndex, dropout: typing.SupportsFloat | typing.SupportsIndex | None = None) -> None:
        ...
class MultiplexerOptions:
    """
    The multiplexer's shape.
    """
    offload: bool
    shared_meta: bool
    def __init__(self) -> None:
        ...
    @property
    def channels(self) -> int:
        ...
    @channels.setter
    def channels(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def classes(self) -> int:
        ...
    @classes.setter
    def classes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def filters(self) -> int:
        ...
    @filters.setter
    def filters(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def height(self) -> int:
        ...
    @height.setter
    def height(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def meta_dim(self) -> int:
        ...
    @meta_dim.setter
    def meta_dim(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def models(self) -> int:
        ...
    @models.setter
    def models(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def resolution(self) -> int:
        ...
    @resolution.setter
    def resolution(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def width(self) -> int:
        ...
    @width.setter
    def width(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class Model:
    """
    A network with its weights.
    
    Threads may answer with it and save it at once. Training and loading want it alone: BusyError
    for them while another thread uses it, and for others meanwhile.
    """
    def __repr__(self) -> str:
        ...
    def load(self, path: os.PathLike | str | bytes) -> None:
        """
        Read weights that save() wrote.
        
        Raises:
            OSError, ValueError.
        """
    def load_state(self, state: collections.abc.Mapping[str, numpy.ndarray]) -> None:
        """
        Copy named arrays into the model.
        
        Raises:
            ValueError: missing, extra or misshapen ones, all listed.
        """
    def save(self, path: os.PathLike | str | bytes) -> None:
        """
        Write the weights as safetensors, atomically.
        
        Raises:
            OSError.
        """
    def state(self) -> dict[str, numpy.ndarray]:
        """
        Named arrays, buffers included, sharing memory with the model.
        """
    def transfer(self, other: Model) -> None:
        """
        Copy every tensor of another model that this one has by the same name and shape.
        """
    @property
    def graph(self) -> Graph:
        ...
    @property
    def macs(self) -> int:
        """
        Multiply-accumulates for one input (counted).
        """
    @property
    def name(self) -> str:
        ...
    @property
    def normalization(self) -> Normalization:
        ...
    @property
    def parameter_count(self) -> int:
        """
        Trainable parameters (counted).
        """
class Predictor:
    """
    A model ready to answer for any number of images.
    
    Threads may call it at once, each with buffers of its own; BusyError while another thread
    trains or loads the model.
    """
    def __init__(self, model: Model, max_batch: typing.SupportsInt | typing.SupportsIndex = 128, precision: Precision = Precision.full) -> None:
        ...
    def output(self, images: numpy.ndarray, name: str) -> numpy.ndarray:
        """
        One named output for normalised images f32 (n, c, h, w).
        
        Raises:
            ValueError: another shape, an unknown output.
        """
class NetworkEntry:
    """
    A network of the zoo.
    """
    @property
    def family(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def title(self) -> str:
        ...
class Formulation:
    """
    Which reading of the paper's equations to compute.
    
    Members:
    
      paper
    
      bounded
    """
    __members__: typing.ClassVar[dict[str, Formulation]]
    bounded: typing.ClassVar[Formulation]
    paper: typing.ClassVar[Formulation]
    @typing.overload
    def __eq__(self, other: Formulation) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: Formulation) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class Objective:
    """
    What a multiplexer is trained for.
    
    Members:
    
      ensemble
    
      correctness
    """
    __members__: typing.ClassVar[dict[str, Objective]]
    correctness: typing.ClassVar[Objective]
    ensemble: typing.ClassVar[Objective]
    @typing.overload
    def __eq__(self, other: Objective) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: Objective) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class WeightOptions:
    """
    How scores become weights (Eq. 5 and 6).
    """
    formulation: Formulation
    def __init__(self, formulation: Formulation = Formulation.bounded, lambda_cost: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> None:
        ...
    @property
    def lambda_cost(self) -> float:
        ...
    @lambda_cost.setter
    def lambda_cost(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OptimizerOptions:
    """
    Settings of every optimizer.
    """
    name: str
    nesterov: bool
    def __init__(self) -> None:
        ...
    @property
    def beta1(self) -> float:
        ...
    @beta1.setter
    def beta1(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def beta2(self) -> float:
        ...
    @beta2.setter
    def beta2(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def eps(self) -> float:
        ...
    @eps.setter
    def eps(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def momentum(self) -> float:
        ...
    @momentum.setter
    def momentum(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def weight_decay(self) -> float:
        ...
    @weight_decay.setter
    def weight_decay(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class ScheduleOptions:
    """
    Settings of every schedule.
    """
    anneal: str
    name: str
    def __init__(self) -> None:
        ...
    @property
    def decay(self) -> float:
        ...
    @decay.setter
    def decay(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def final_ratio(self) -> float:
        ...
    @final_ratio.setter
    def final_ratio(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def learning_rate(self) -> float:
        ...
    @learning_rate.setter
    def learning_rate(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def milestones(self) -> list[float]:
        ...
    @milestones.setter
    def milestones(self, arg0: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def warmup(self) -> float:
        ...
    @warmup.setter
    def warmup(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OptimizerEntry:
    """
    A way to follow gradients.
    """
    @property
    def name(self) -> str:
        ...
    @property
    def title(self) -> str:
        ...
class ScheduleEntry:
    """
    A course of the learning rate.
    """
    @property
    def name(self) -> str:
        ...
    @property
    def title(self) -> str:
        ...
class Dataset:
    """
    Labelled images in memory.
    
    Never changed: threads may use it at once.
    """
    def __len__(self) -> int:
        ...
    def __repr__(self) -> str:
        ...
    def subset(self, indices: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> Dataset:
        """
        The rows at `indices`.
        
        Raises:
            IndexError.
        """
    @property
    def class_names(self) -> list[str]:
        ...
    @property
    def image_shape(self) -> tuple[int, int, int]:
        """
        (channels, height, width).
        """
    @property
    def images(self) -> numpy.ndarray:
        """
        u8 or f32 (n, c, h, w), sharing memory.
        """
    @property
    def labels(self) -> numpy.ndarray:
        """
        i32 (n), sharing memory.
        """
    @property
    def name(self) -> str:
        ...
    @property
    def source_index(self) -> list[int]:
        ...
class Splits:
    """
    train teaches models, held_out the router, test nobody.
    """
    @property
    def held_out(self) -> Dataset:
        ...
    @property
    def test(self) -> Dataset:
        ...
    @property
    def train(self) -> Dataset:
        ...
class SplitOptions:
    """
    How data is divided.
    """
    def __init__(self, *, held_out_fraction: typing.SupportsFloat | typing.SupportsIndex = 0.2, test_fraction: typing.SupportsFloat | typing.SupportsIndex = 0.2, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        ...
class Augmentation:
    """
    What a loader does to training images.
    """
    def __init__(self, *, crop_padding: typing.SupportsInt | typing.SupportsIndex = 0, horizontal_flip: bool = False, erase_size: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        ...
class Loader:
    """
    Batches of a data set, prepared ahead while others work.
    
    For one thread at a time: an epoch belongs to the thread that began it, and a call of
    another raises BusyError.
    """
    def __init__(self, data: Dataset, normalization: Normalization, *, batch_size: typing.SupportsInt | typing.SupportsIndex = 128, shuffle: bool = True, drop_last: bool = False, augmentation: Augmentation = ..., seed: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        """
        Raises:
            ValueError: options or data that do not fit.
        """
    def next(self) -> tuple[numpy.ndarray, numpy.ndarray] | None:
        """
        The next images f32 (b, c, h, w) and labels i32 (b), or None at the epoch's end.
        
        Raises:
            ValueError: pixels that are not finite.
        """
    def start_epoch(self, epoch: typing.SupportsInt | typing.SupportsIndex, first_batch: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        """
        Begin an epoch, dropping what was under way.
        """
class ImagePayload:
    """
    As what an image is sent.
    """
    @property
    def name(self) -> str:
        ...
    @property
    def title(self) -> str:
        ...
class DataKind:
    """
    A kind of data set.
    """
    @property
    def name(self) -> str:
        ...
    @property
    def title(self) -> str:
        ...
class FitOptions:
    """
    What both steps of Algorithm 1 have in common.
    """
    optimizer: OptimizerOptions
    phase: str
    precision: Precision
    resume: bool
    schedule: ScheduleOptions
    def __init__(self) -> None:
        ...
    @property
    def batch_size(self) -> int:
        ...
    @batch_size.setter
    def batch_size(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def checkpoint(self) -> pathlib.Path:
        ...
    @checkpoint.setter
    def checkpoint(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def checkpoint_seconds(self) -> float:
        ...
    @checkpoint_seconds.setter
    def checkpoint_seconds(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def clip_norm(self) -> float:
        ...
    @clip_norm.setter
    def clip_norm(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def epochs(self) -> int:
        ...
    @epochs.setter
    def epochs(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def seed(self) -> int:
        ...
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class ModelTrainingOptions:
    """
    Step 1 of Algorithm 1.
    """
    augmentation: Augmentation
    contrastive_formulation: Formulation
    fit: FitOptions
    def __init__(self) -> None:
        ...
    @property
    def contrastive_weight(self) -> float:
        ...
    @contrastive_weight.setter
    def contrastive_weight(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def label_smoothing(self) -> float:
        ...
    @label_smoothing.setter
    def label_smoothing(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def learning_rates(self) -> list[float]:
        ...
    @learning_rates.setter
    def learning_rates(self, arg0: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def online_distillation_temperature(self) -> float:
        ...
    @online_distillation_temperature.setter
    def online_distillation_temperature(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def online_distillation_weight(self) -> float:
        ...
    @online_distillation_weight.setter
    def online_distillation_weight(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OffloadTarget:
    """
    What the mobile/cloud multiplexer learns.
    
    Members:
    
      none
    
      device_wrong
    
      cloud_rescues
    """
    __members__: typing.ClassVar[dict[str, OffloadTarget]]
    cloud_rescues: typing.ClassVar[OffloadTarget]
    device_wrong: typing.ClassVar[OffloadTarget]
    none: typing.ClassVar[OffloadTarget]
    @typing.overload
    def __eq__(self, other: OffloadTarget) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: OffloadTarget) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class MultiplexerTrainingOptions:
    """
    Step 2 of Algorithm 1.
    """
    fit: FitOptions
    objective: Objective
    offload: OffloadTarget
    weights: WeightOptions
    def __init__(self) -> None:
        ...
    @property
    def cloud(self) -> int:
        ...
    @cloud.setter
    def cloud(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def device(self) -> int:
        ...
    @device.setter
    def device(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def distillation_weight(self) -> float:
        ...
    @distillation_weight.setter
    def distillation_weight(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class FrozenOptions:
    """
    How frozen models see their inputs.
    """
    augmentation: Augmentation
    def __init__(self) -> None:
        ...
    @property
    def batch_size(self) -> int:
        ...
    @batch_size.setter
    def batch_size(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def seed(self) -> int:
        ...
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def variants(self) -> int:
        ...
    @variants.setter
    def variants(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class AnswerHistory:
    """
    Whether models were right on training inputs, each time they saw them.
    """
    def shares(self, visits: typing.SupportsInt | typing.SupportsIndex) -> numpy.ndarray:
        """
        f32 (n, N): share of the last `visits` that was right; -1 where there was none.
        
        Raises:
            ValueError: visits out of range.
        """
    @property
    def bits(self) -> numpy.ndarray:
        """
        i32 (n, N): a one, then a bit a visit, the latest lowest.
        """
class EpochRecord:
    """
    One point of the learning curves, or what is done of an epoch.
    """
    @property
    def accuracies(self) -> list[float]:
        """
        Of each model, on the training batches.
        """
    @property
    def both_right_distance(self) -> float | None:
        """
        Mean over pairs of models that are both right.
        """
    @property
    def contrastive(self) -> float | None:
        """
        The contrastive loss (Eq. 2); None where not trained with.
        """
    @property
    def distillation(self) -> float | None:
        """
        On-line distillation, or Eq. 8; None where not trained with.
        """
    @property
    def epoch(self) -> int:
        ...
    @property
    def held_out_accuracies(self) -> list[float]:
        ...
    @property
    def learning_rate(self) -> float:
        ...
    @property
    def losses(self) -> list[float]:
        """
        Of each model: cross-entropy, or the multiplexer's objective.
        """
    @property
    def one_right_distance(self) -> float | None:
        """
        Mean over pairs of models of which one is right.
        """
    @property
    def seconds(self) -> float:
        ...
    @property
    def step(self) -> int:
        ...
class Progress(EpochRecord):
    """
    Where training stands after a step.
    """
    @property
    def epoch_end(self) -> bool:
        ...
    @property
    def epochs(self) -> int:
        ...
    @property
    def images_per_second(self) -> float:
        ...
    @property
    def names(self) -> list[str]:
        ...
    @property
    def phase(self) -> str:
        ...
    @property
    def seconds_left(self) -> float:
        ...
    @property
    def steps(self) -> int:
        ...
class TrainingResult:
    """
    What a training left.
    """
    @property
    def answers(self) -> AnswerHistory:
        ...
    @property
    def finished(self) -> bool:
        ...
    @property
    def history(self) -> list[EpochRecord]:
        ...
    @property
    def seconds(self) -> float:
        ...
    @property
    def step(self) -> int:
        ...
class FrozenOutputs:
    """
    What frozen models answer for some inputs.
    """
    @property
    def images(self) -> numpy.ndarray:
        ...
    @property
    def inputs(self) -> int:
        ...
    @property
    def labels(self) -> numpy.ndarray:
        ...
    @property
    def probabilities(self) -> numpy.ndarray:
        ...
    @property
    def variants(self) -> int:
        ...
class Quantity:
    """
    A number with where it comes from, or an unknown one.
    """
    def __init__(self, value: typing.SupportsFloat | typing.SupportsIndex | None = None, origin: str = 'counted') -> None:
        """
        None: not known.
        
        Raises:
            ValueError: an unknown origin, not finite.
        """
    @property
    def origins(self) -> list[str]:
        """
        Of counted, measured, modelled and paper, all that went into it.
        """
    @property
    def value(self) -> float | None:
        """
        The number; None where it is not known.
        """
class Cost:
    """
    MACs, latency and device energy of one answer.
    """
    def __add__(self, arg0: Cost) -> Cost:
        ...
    def __init__(self, macs: Quantity = ..., latency_ms: Quantity = ..., energy_mj: Quantity = ...) -> None:
        ...
    @property
    def energy_mj(self) -> Quantity:
        ...
    @property
    def latency_ms(self) -> Quantity:
        ...
    @property
    def macs(self) -> Quantity:
        ...
class DeviceProfile:
    """
    What networks cost on one device.
    
    Never changed: threads may use it at once.
    """
    @staticmethod
    def load(path: os.PathLike | str | bytes) -> DeviceProfile:
        """
        Read JSON.
        
        Raises:
            OSError.
            ValueError: file and key at fault.
        """
    def __init__(self, name: str, networks: collections.abc.Mapping[str, Cost]) -> None:
        ...
    def save(self, path: os.PathLike | str | bytes, source: str) -> None:
        """
        Write JSON, atomically.
        
        Raises:
            OSError.
        """
    @property
    def name(self) -> str:
        ...
    @property
    def networks(self) -> dict[str, Cost]:
        ...
class LinkProfile:
    """
    A wireless link as the device sees it.
    
    Never changed: threads may use it at once.
    """
    @staticmethod
    def load(path: os.PathLike | str | bytes) -> LinkProfile:
        """
        Read JSON.
        
        Raises:
            OSError.
            ValueError: file and key at fault.
        """
    @property
    def download_mbps(self) -> Quantity:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def rtt_ms(self) -> Quantity:
        ...
    @property
    def upload_mbps(self) -> Quantity:
        ...
class Exchange:
    """
    One request over a link, in three parts.
    """
    @property
    def download(self) -> Cost:
        ...
    @property
    def upload(self) -> Cost:
        ...
    @property
    def waiting(self) -> Cost:
        ...
class EnergyMeter:
    """
    Energy by the sensors that Linux shows.
    
    One measurement at a time: BusyError for a thread that begins another.
    """
    def __init__(self, root: os.PathLike | str | bytes = '/', period_ms: typing.SupportsFloat | typing.SupportsIndex = 5.0) -> None:
        ...
    def idle_power_mw(self, seconds: typing.SupportsFloat | typing.SupportsIndex) -> Quantity:
        """
        Mean power while nothing runs here.
        """
    def measure_mj(self, work: collections.abc.Callable[[], None], idle_mw: Quantity = ...) -> Quantity:
        """
        Energy while `work()` runs, less idle power; unknown without a sensor.
        """
    @property
    def sensor(self) -> str:
        """
        What is read; or not measured.
        """
class ConnectionOptions:
    """
    How a server is reached.
    """
    bearer_token: str
    proxy: str
    def __init__(self, url: str) -> None:
        ...
    @property
    def ca_file(self) -> pathlib.Path:
        ...
    @ca_file.setter
    def ca_file(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def certificate(self) -> pathlib.Path:
        ...
    @certificate.setter
    def certificate(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def connect_timeout_ms(self) -> float:
        ...
    @connect_timeout_ms.setter
    def connect_timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def key(self) -> pathlib.Path:
        ...
    @key.setter
    def key(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def max_response_bytes(self) -> int:
        ...
    @max_response_bytes.setter
    def max_response_bytes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class InputTensor:
    """
    A tensor of a request.
    """
    @property
    def datatype(self) -> str:
        ...
    @property
    def images(self) -> list[bytes]:
        """
        JPEG or PNG.
        """
    @property
    def name(self) -> str:
        ...
    @property
    def numbers(self) -> numpy.typing.NDArray[numpy.float32]:
        """
        f32 (count), written one by one.
        """
    @property
    def raw(self) -> tuple[int, int] | None:
        """
        Where its bytes begin and end in what was read.
        """
    @property
    def shape(self) -> list[int]:
        ...
    @property
    def whole(self) -> bool:
        """
        No number has a fraction.
        """
class RequestedTensor:
    """
    An output that a request asks for.
    """
    @property
    def name(self) -> str:
        ...
    @property
    def parameters(self) -> dict[str, bool | int | float | str]:
        ...
class InferenceRequest:
    """
    ModelInfer of the protocol.
    """
    @property
    def id(self) -> str:
        ...
    @property
    def inputs(self) -> list[InputTensor]:
        ...
    @property
    def model_name(self) -> str:
        ...
    @property
    def model_version(self) -> str:
        ...
    @property
    def outputs(self) -> list[RequestedTensor]:
        ...
    @property
    def parameters(self) -> dict[str, bool | int | float | str]:
        ...
class OutcomeTable:
    """
    What N models answered for n inputs, with labels and costs.
    
    Never changed: threads may use it at once.
    """
    @staticmethod
    def load(path: os.PathLike | str | bytes) -> OutcomeTable:
        """
        Read what save() wrote.
        
        Raises:
            OSError.
        """
    def __init__(self, models: collections.abc.Sequence[str], probabilities: numpy.ndarray, costs: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]], *, labels: numpy.ndarray = ..., scores: numpy.ndarray = ..., offload_score: numpy.ndarray = ..., multiplexer_costs: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex] = {}, split: str = '', source: str = '', indices: numpy.ndarray = ..., features: numpy.ndarray = ...) -> None:
        """
        From arrays: probabilities f32 (n, N, K), labels i32 (n), costs {kind: N numbers}.
        
        Raises:
            ValueError: what disagrees, with row and model.
        """
    def __len__(self) -> int:
        ...
    def accuracies(self) -> list[float]:
        """
        (N), share of right answers of each model.
        """
    def costs(self, kind: str) -> list[float]:
        """
        (N), in the kind's unit.
        """
    def multiplexer_cost(self, kind: str) -> float:
        ...
    def save(self, path: os.PathLike | str | bytes) -> None:
        """
        Write as safetensors, atomically.
        
        Raises:
            OSError.
        """
    def subset(self, rows: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], split: str = '') -> OutcomeTable:
        """
        The rows named, in that order, which keep their place in the source.
        
        Raises:
            ValueError: a row that is not there.
        """
    def traded_cost(self, wanted: str = '') -> str:
        """
        The kind of cost to trade against accuracy: the one wanted, else "macs", else the
        first.
        
        Raises:
            ValueError: lists the kinds there are.
        """
    @property
    def correct(self) -> numpy.ndarray:
        """
        u8 (n, N).
        """
    @property
    def cost_kinds(self) -> list[str]:
        """
        What costs() knows, sorted.
        """
    @property
    def features(self) -> numpy.ndarray:
        ...
    @property
    def indices(self) -> numpy.ndarray:
        ...
    @property
    def labels(self) -> numpy.ndarray:
        ...
    @property
    def models(self) -> list[str]:
        ...
    @property
    def offload_score(self) -> numpy.ndarray:
        """
        f32 (n): 0 = device, 1 = cloud.
        """
    @property
    def predictions(self) -> numpy.ndarray:
        """
        i32 (n, N).
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (n, N, K), sharing memory.
        """
    @property
    def scores(self) -> numpy.ndarray:
        ...
    @property
    def source(self) -> str:
        ...
    @property
    def split(self) -> str:
        ...
    @property
    def weights(self) -> numpy.ndarray:
        ...
class PolicyOptions:
    """
    What a policy trades, and how finely.
    """
    def __init__(self, *, cost_kind: str = 'macs', seed: typing.SupportsInt | typing.SupportsIndex = 0, model: typing.SupportsInt | typing.SupportsIndex = 0, max_models: typing.SupportsInt | typing.SupportsIndex = 3, bins: typing.SupportsInt | typing.SupportsIndex = 50, gate: typing.SupportsFloat | typing.SupportsIndex = 0.0, unsure: str = 'dearest') -> None:
        """
        Raises:
            ValueError: `unsure` is neither 'dearest' nor 'cheapest'.
        """
class OperatingPoint:
    """
    One setting of a policy.
    """
    @property
    def accuracy(self) -> float:
        ...
    @property
    def called_shares(self) -> list[float]:
        ...
    @property
    def cost(self) -> float:
        ...
    @property
    def parameters(self) -> dict[str, float]:
        ...
class Decisions:
    """
    What a policy did with every input.
    """
    @property
    def answers(self) -> list[int]:
        """
        (n), classes.
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run.
        """
class Rule:
    """
    One operating point, ready to decide.
    """
class Policy:
    """
    A family of operating points over budgets.
    
    Threads may read it at once. fit() and what else changes it want it alone: BusyError for them
    while another thread is in a call on it, and for others meanwhile.
    """
    @staticmethod
    def load(path: os.PathLike | str | bytes) -> Policy:
        """
        Read what save() wrote.
        
        Raises:
            OSError.
            ValueError: no policy.
        """
    def answer_probabilities(self, table: OutcomeTable) -> numpy.ndarray:
        """
        f32 (n, K), of the answers.
        
        Raises:
            ValueError.
        """
    def cheapest_as_good(self, accuracy: typing.SupportsFloat | typing.SupportsIndex) -> int | None:
        """
        Place among operating_points of the cheapest as accurate as that; None: none is.
        """
    def choose(self, point: OperatingPoint) -> None:
        ...
    def choose_for_budget(self, cost: typing.SupportsFloat | typing.SupportsIndex) -> None:
        """
        The most accurate point within `cost` per input.
        
        Raises:
            ValueError.
        """
    @typing.overload
    def decide(self, table: OutcomeTable) -> Decisions:
        """
        Decisions for a whole table.
        """
    @typing.overload
    def decide(self, table: OutcomeTable, point: OperatingPoint) -> Decisions:
        """
        The same at another operating point.
        """
    def fit(self, held_out: OutcomeTable) -> None:
        """
        Choose operating points on held-out outcomes.
        
        Raises:
            ValueError: test data.
        """
    def reprice(self, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], multiplexer_cost: typing.SupportsFloat | typing.SupportsIndex | None = None) -> None:
        """
        Other prices, (N) and of deciding itself: points keep what they call, the front and the
        default point are made anew.
        
        Raises:
            ValueError.
        """
    def rule(self) -> Rule:
        """
        The chosen point, for a Router.
        """
    def rule_at(self, point: OperatingPoint) -> Rule:
        """
        Another point.
        
        Raises:
            ValueError: it does not fit.
        """
    def save(self, path: os.PathLike | str | bytes) -> None:
        """
        Write all that fit() found as JSON, atomically.
        
        Raises:
            OSError.
        """
    def within(self, cost: typing.SupportsFloat | typing.SupportsIndex) -> OperatingPoint | None:
        """
        What choose_for_budget() would choose; None where even the cheapest costs more.
        """
    def without(self, model: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Never call the model at this position again.
        
        Raises:
            ValueError: no operating point is left.
        """
    @property
    def best_single(self) -> int:
        """
        The model most accurate on the inputs it was fitted on.
        """
    @property
    def classes(self) -> int:
        ...
    @property
    def cost_kind(self) -> str:
        ...
    @property
    def costs(self) -> list[float]:
        """
        (N), when fitted, of its kind.
        """
    @property
    def fitting_part(self) -> str:
        """
        The part of recorded outcomes to fit it on: "calibration" where the multiplexer looks,
        else "held_out".
        """
    @property
    def models(self) -> list[str]:
        ...
    @property
    def multiplexer_cost(self) -> float:
        """
        What deciding itself costs now.
        """
    @property
    def name(self) -> str:
        ...
    @property
    def operating_points(self) -> list[OperatingPoint]:
        ...
    @property
    def point(self) -> OperatingPoint:
        ...
    @property
    def prices(self) -> list[float]:
        """
        (N), what the models cost now.
        """
    @property
    def uses_multiplexer(self) -> bool:
        ...
    @property
    def version(self) -> str:
        """
        64-bit FNV-1a, in hexadecimal, of what save() writes.
        """
class ReplayedRecord:
    """
    What a policy makes of a record.
    """
    @property
    def answer(self) -> int:
        ...
    @property
    def called(self) -> list[str]:
        """
        Models, in order.
        """
    @property
    def same(self) -> bool:
        """
        As recorded.
        """
class Recorder:
    """
    Writes down why inputs went where they went.
    """
    def __init__(self, policy: Policy, costs: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]], multiplexer_costs: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex], point: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        """
        Of the policy's chosen operating point, or of another.
        
        Raises:
            ValueError: no such point, or costs that do not fit.
        """
class DriftMonitor:
    """
    Watches whether inputs are still like those of the calibration.
    
    Threads may call it at once.
    """
    @staticmethod
    def load(path: os.PathLike | str | bytes) -> DriftMonitor:
        """
        Raises:
            OSError.
            ValueError: no monitor.
        """
    def __init__(self, calibration: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]], version: str, alpha: typing.SupportsFloat | typing.SupportsIndex = 0.01, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        """
        A false alarm has probability alpha at most, over any number of inputs.
        
        Raises:
            ValueError: values outside [0, 1], options out of range.
        """
    def observe(self, values: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex]) -> bool:
        """
        Take the values of one input; whether there is an alarm.
        
        Raises:
            ValueError.
        """
    def save(self, path: os.PathLike | str | bytes) -> None:
        """
        Atomically.
        
        Raises:
            OSError.
        """
    @property
    def alarm(self) -> bool:
        ...
    @property
    def alpha(self) -> float:
        ...
    @property
    def calibrated_on(self) -> int:
        ...
    @property
    def cause(self) -> str:
        """
        The value that it is of.
        """
    @property
    def e_value(self) -> float:
        """
        The greatest so far.
        """
    @property
    def observed(self) -> int:
        ...
    @property
    def version(self) -> str:
        """
        Of its policy.
        """
class PolicyEntry:
    """
    A policy, not yet fitted.
    """
    @property
    def name(self) -> str:
        ...
    @property
    def needs(self) -> list[str]:
        """
        What it reads of an input beside the models' answers: "scores", "features", "offload_score", "label".
        """
    @property
    def reported(self) -> bool:
        """
        `muxnet run` fits and reports it.
        """
    @property
    def title(self) -> str:
        ...
    @property
    def uses_multiplexer(self) -> bool:
        """
        The multiplexer looks at every input, so that its cost is in every decision.
        """
class Interval:
    """
    Percentile interval of resampled values.
    """
    @property
    def high(self) -> float:
        ...
    @property
    def low(self) -> float:
        ...
class Estimate:
    """
    A number with its bootstrap interval.
    """
    @property
    def interval(self) -> Interval:
        ...
    @property
    def value(self) -> float:
        ...
class CostStatistics:
    """
    A cost per input: mean, 99th percentile, worst.
    """
    @property
    def mean(self) -> Estimate:
        ...
    @property
    def p99(self) -> float:
        ...
    @property
    def worst(self) -> float:
        ...
class Evaluation:
    """
    Accuracy, costs and calls of a policy.
    """
    @property
    def accuracy(self) -> Estimate:
        ...
    @property
    def called_shares(self) -> list[float]:
        ...
    @property
    def collapse(self) -> str:
        ...
    @property
    def correct(self) -> list[int]:
        ...
    @property
    def costs(self) -> dict[str, CostStatistics]:
        ...
    @property
    def models_per_input(self) -> float:
        ...
    @property
    def parameters(self) -> dict[str, float]:
        ...
    @property
    def policy(self) -> str:
        ...
    @property
    def regret(self) -> Estimate:
        """
        The oracle's accuracy less the policy's.
        """
class CurvePoint:
    """
    One point of an accuracy-cost curve.
    """
    @property
    def accuracy(self) -> float:
        ...
    @property
    def cost(self) -> float:
        ...
    @property
    def parameters(self) -> dict[str, float]:
        ...
class FailurePrediction:
    """
    AUROC of what tells in advance whether a model is right.
    """
    @property
    def confidence(self) -> float | None:
        """
        Its own max-softmax.
        """
    @property
    def multiplexer(self) -> float | None:
        """
        None: the table has none.
        """
class ClassStatistics:
    """
    What a policy does with one class.
    """
    @property
    def accuracy(self) -> float:
        ...
    @property
    def inputs(self) -> int:
        ...
class HardnessLevel:
    """
    What a policy does at one hardness.
    """
    @property
    def accuracy(self) -> float:
        ...
    @property
    def called_shares(self) -> list[float]:
        ...
    @property
    def inputs(self) -> int:
        ...
class Guarantee:
    """
    What certify() found.
    """
    @property
    def inputs_needed(self) -> int:
        """
        About so many labelled inputs would do; 0: no number would.
        """
    @property
    def point(self) -> OperatingPoint | None:
        """
        The cheapest certified; None: there is none.
        """
    @property
    def reference_cost(self) -> float:
        ...
class Limit:
    """
    What an operating point may take at most.
    """
    class Statistic:
        """
        Members:
        
          mean_cost
        
          p99_cost
        
          call_share
        """
        __members__: typing.ClassVar[dict[str, Limit.Statistic]]
        call_share: typing.ClassVar[Limit.Statistic]
        mean_cost: typing.ClassVar[Limit.Statistic]
        p99_cost: typing.ClassVar[Limit.Statistic]
        @typing.overload
        def __eq__(self, other: Limit.Statistic) -> bool:
            ...
        @typing.overload
        def __eq__(self, other: typing.Any) -> bool:
            ...
        def __getstate__(self) -> int:
            ...
        def __hash__(self) -> int:
            ...
        def __index__(self) -> int:
            ...
        def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
            ...
        def __int__(self) -> int:
            ...
        @typing.overload
        def __ne__(self, other: Limit.Statistic) -> bool:
            ...
        @typing.overload
        def __ne__(self, other: typing.Any) -> bool:
            ...
        def __repr__(self) -> str:
            ...
        def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
            ...
        def __str__(self) -> str:
            ...
        @property
        def name(self) -> str:
            ...
        @property
        def value(self) -> int:
            ...
    def __init__(self, statistic: Limit.Statistic, name: str, at_most: typing.SupportsFloat | typing.SupportsIndex) -> None:
        """
        `name`: the kind of cost, or the model whose share of calls it is.
        """
class KeptPromise:
    """
    What became of a promise over random divisions of recorded answers.
    """
    @property
    def broken(self) -> int:
        """
        Of these, where it loses more than promised on all inputs.
        """
    @property
    def broken_elsewhere(self) -> int:
        """
        The same on the inputs not calibrated on.
        """
    @property
    def cost_share(self) -> float | None:
        """
        Mean cost of the certified points, as a share of the best single model's;
        None: none was.
        """
    @property
    def promised(self) -> int:
        """
        Divisions in which a point was certified.
        """
class Details:
    """
    What lies behind an evaluation.
    """
    @property
    def auroc(self) -> list[FailurePrediction]:
        """
        (N).
        """
    @property
    def classes(self) -> list[ClassStatistics]:
        """
        (K).
        """
    @property
    def hardness(self) -> list[HardnessLevel]:
        """
        (N + 1).
        """
    @property
    def recovered(self) -> dict[float, float | None]:
        """
        By share of the gap from the cheapest to the best single model, the least
        cost that recovers it, as a share of the best one's; None: no point does.
        """
    @property
    def regret(self) -> Estimate:
        """
        The oracle's accuracy less the policy's.
        """
class ModelFigures:
    """
    One model alone.
    """
    @property
    def accuracy(self) -> float:
        ...
    @property
    def cost(self) -> float:
        """
        In the unit of its kind.
        """
    @property
    def name(self) -> str:
        ...
    @property
    def only_right(self) -> float:
        """
        Share of the inputs that no other model gets right.
        """
class PolicyFigures:
    """
    A policy over budgets; costs are shares of the best single model's.
    """
    @property
    def accuracy_at(self) -> dict[float, float | None]:
        """
        By budget, at the point chosen for it on the fitting part; None: all cost more.
        """
    @property
    def area(self) -> Estimate | None:
        """
        area_above() random mixing up to the best single model's cost.
        """
    @property
    def curve(self) -> list[tuple[float, float]]:
        """
        Pairs (cost, accuracy).
        """
    @property
    def name(self) -> str:
        ...
    @property
    def recovered(self) -> dict[float, float | None]:
        ...
class Choice:
    """
    An operating point chosen on the fitting part, against the best single model.
    """
    @property
    def accuracy(self) -> float:
        ...
    @property
    def cost(self) -> float:
        """
        A share of the best single model's.
        """
    @property
    def difference(self) -> Estimate:
        """
        Of accuracies, paired.
        """
class Diversity:
    """
    How differently models err, in shares of the inputs.
    """
    @property
    def all_wrong(self) -> float:
        ...
    @property
    def disagreement(self) -> float:
        """
        Two models answer differently, the mean over pairs.
        """
    @property
    def double_fault(self) -> float:
        """
        Two models are both wrong, the mean over pairs.
        """
    @property
    def oracle_gain(self) -> float:
        """
        The best single model is wrong, another model right.
        """
class LeftOut:
    """
    A policy that the table has nothing for to look at, and what that would be.
    """
    @property
    def policy(self) -> str:
        ...
    @property
    def want(self) -> str:
        ...
class Verdict:
    """
    Whether a policy is as good as the best single model for less, or better for as much.
    
    Members:
    
      pays
    
      unclear
    
      does_not_pay
    """
    __members__: typing.ClassVar[dict[str, Verdict]]
    does_not_pay: typing.ClassVar[Verdict]
    pays: typing.ClassVar[Verdict]
    unclear: typing.ClassVar[Verdict]
    @typing.overload
    def __eq__(self, other: Verdict) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: Verdict) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class Study:
    """
    What recorded answers say about multiplexing.
    """
    @property
    def best_single(self) -> int:
        """
        Its place among the models.
        """
    @property
    def cost_kind(self) -> str:
        ...
    @property
    def details(self) -> Details:
        """
        Of the policy at its default point.
        """
    @property
    def diversity(self) -> Diversity:
        ...
    @property
    def gain(self) -> Choice | None:
        """
        Most accurate at the best single model's cost.
        """
    @property
    def left_out(self) -> list[LeftOut]:
        ...
    @property
    def models(self) -> list[ModelFigures]:
        ...
    @property
    def policies(self) -> list[PolicyFigures]:
        ...
    @property
    def saving(self) -> Choice | None:
        """
        Cheapest with the best single model's accuracy.
        """
    @property
    def verdict(self) -> Verdict:
        ...
class Classifier:
    """
    A model, whatever runs it.
    
    Threads may call it at once; those in OpenCV take turns.
    """
    def answer(self, images: numpy.ndarray) -> numpy.ndarray:
        """
        What the model gives, f32 (n, K), for images f32 (n, c, h, w).
        
        Raises:
            ValueError: images that it cannot take.
        """
class HostedModel:
    """
    A model as a pool or a service answers with it.
    """
    @staticmethod
    def function(name: str, predict: collections.abc.Callable, *, cost: typing.SupportsFloat | typing.SupportsIndex, image_shape: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"], classes: typing.SupportsInt | typing.SupportsIndex, normalization: Normalization, logits: bool = False, concurrent: bool = False) -> HostedModel:
        """
        A function from images f32 (n, c, h, w) to answers (n, K); several threads
        call it at once only where it is concurrent.
        
        Raises:
            ValueError: a description that is not whole.
        """
    @staticmethod
    def onnx(name: str, path: os.PathLike | str | bytes, *, cost: typing.SupportsFloat | typing.SupportsIndex, image_shape: typing.Annotated[collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(3)"], classes: typing.SupportsInt | typing.SupportsIndex, normalization: Normalization, logits: bool = False) -> HostedModel:
        """
        An ONNX file, run by OpenCV's DNN module; read when it is put to work.
        
        Raises:
            ValueError: a description that is not whole.
        """
    def __init__(self, model: Model) -> None:
        """
        A network of ours: its cost are its MACs.
        """
    @property
    def classes(self) -> int:
        ...
    @property
    def cost(self) -> float:
        """
        Of one image, as the policy counts it.
        """
    @property
    def name(self) -> str:
        ...
    @property
    def normalization(self) -> Normalization:
        ...
class ModelPool:
    """
    N models that answer the same question.
    
    Threads may call it at once: networks of ours and functions that are concurrent run side by
    side, others take turns.
    """
    def __init__(self, models: collections.abc.Sequence[HostedModel]) -> None:
        ...
    def __len__(self) -> int:
        ...
    def probabilities(self, index: typing.SupportsInt | typing.SupportsIndex, images: numpy.ndarray) -> numpy.ndarray:
        """
        f32 (n, K) of one model for images normalised as it wants them.
        
        Raises:
            ValueError.
            RuntimeError: a function failed.
        """
    @property
    def costs(self) -> list[float]:
        """
        (N), of one image.
        """
    @property
    def names(self) -> list[str]:
        ...
class Multiplexer:
    """
    A multiplexer and how its scores are read.
    """
    def __init__(self, model: Model, objective: Objective = Objective.correctness, weights: WeightOptions = ...) -> None:
        ...
    @property
    def macs(self) -> int:
        ...
    @property
    def model(self) -> Model:
        ...
    @property
    def objective(self) -> Objective:
        ...
    @property
    def parameter_count(self) -> int:
        ...
    @property
    def weights(self) -> WeightOptions:
        ...
class Routed:
    """
    What became of a batch, row by row.
    """
    @property
    def answers(self) -> list[int]:
        """
        (n), classes.
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run.
        """
    @property
    def costs(self) -> list[float]:
        """
        (n), of called models and multiplexer.
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (n, K), of the answer.
        """
    @property
    def scores(self) -> numpy.ndarray:
        ...
    @property
    def weights(self) -> numpy.ndarray:
        ...
class Router:
    """
    Algorithm 2: look, decide, call, answer.
    
    Threads may call it at once, and run side by side where its models do.
    """
    def __init__(self, pool: ModelPool, multiplexer: Multiplexer, rule: Rule) -> None:
        ...
    def route(self, images: numpy.ndarray, features: numpy.ndarray = ...) -> Routed:
        """
        Answers for normalised images f32 (n, c, h, w) and, for rules that look at them,
        features f32 (n, F).
        
        Raises:
            ValueError.
        """
class MultiplexerView:
    """
    What the multiplexer says of n inputs.
    """
    def __init__(self) -> None:
        ...
    @property
    def features(self) -> numpy.ndarray:
        """
        f32 (n, F), the caller's.
        """
    @features.setter
    def features(self, arg0: numpy.ndarray) -> None:
        ...
    @property
    def offload_score(self) -> numpy.ndarray:
        ...
    @property
    def scores(self) -> numpy.ndarray:
        ...
    @property
    def weights(self) -> numpy.ndarray:
        ...
class DecisionBatch:
    """
    Inputs on their way through a policy, whoever runs the models.
    
    Threads may read it at once; BusyError for store() beside another call.
    """
    def __init__(self, policy: Policy, n: typing.SupportsInt | typing.SupportsIndex, view: MultiplexerView = ..., first_input: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        """
        Raises:
            ValueError: the policy looks at a multiplexer and there is none.
        """
    def monitored(self, policy: Policy, row: typing.SupportsInt | typing.SupportsIndex) -> dict[str, float]:
        """
        What a DriftMonitor watches, once done.
        """
    def plan(self, policy: Policy, row: typing.SupportsInt | typing.SupportsIndex) -> str:
        """
        JSON: what is called first, and which comparisons may call for more.
        """
    def records(self, policy: Policy, costs: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]], multiplexer_costs: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex]) -> list[str]:
        """
        Decision records, once done, as record_decisions() gives them.
        """
    def store(self, model: typing.SupportsInt | typing.SupportsIndex, answers: numpy.ndarray) -> None:
        """
        Take a model's probabilities f32 (wanted, K).
        
        Raises:
            ValueError.
        """
    @property
    def answers(self) -> list[int]:
        """
        (n), once done.
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run.
        """
    @property
    def done(self) -> bool:
        ...
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        (n, K), once done.
        """
    @property
    def wanted(self) -> list[list[int]]:
        """
        (N), inputs by model.
        """
class CollectOptions:
    """
    What is recorded beside the answers.
    """
    features: numpy.ndarray
    labels: numpy.ndarray
    source: str
    split: str
    def __init__(self) -> None:
        ...
    @property
    def costs(self) -> dict[str, list[float]]:
        ...
    @costs.setter
    def costs(self, arg0: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]]) -> None:
        ...
    @property
    def indices(self) -> list[int]:
        ...
    @indices.setter
    def indices(self, arg0: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    @property
    def multiplexer_costs(self) -> dict[str, float]:
        ...
    @multiplexer_costs.setter
    def multiplexer_costs(self, arg0: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
class Latency:
    """
    Milliseconds of one inference pass, measured.
    """
    def __init__(self, ms: typing.SupportsFloat | typing.SupportsIndex, typical_ms: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def ms(self) -> float:
        """
        Mean of the fastest tenth: what the machine can do.
        """
    @property
    def typical_ms(self) -> float:
        """
        Median: more where others use the machine too.
        """
class ServiceStatus:
    """
    What became of a request.
    
    Members:
    
      ok
    
      full
    
      late
    
      cost
    
      closing
    
      failed
    
      stuck
    """
    __members__: typing.ClassVar[dict[str, ServiceStatus]]
    closing: typing.ClassVar[ServiceStatus]
    cost: typing.ClassVar[ServiceStatus]
    failed: typing.ClassVar[ServiceStatus]
    full: typing.ClassVar[ServiceStatus]
    late: typing.ClassVar[ServiceStatus]
    ok: typing.ClassVar[ServiceStatus]
    stuck: typing.ClassVar[ServiceStatus]
    @typing.overload
    def __eq__(self, other: ServiceStatus) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: ServiceStatus) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class Departure:
    """
    Why other models were called than the rule wanted.
    
    Members:
    
      none
    
      deadline
    
      cost
    
      full
    
      stuck
    """
    __members__: typing.ClassVar[dict[str, Departure]]
    cost: typing.ClassVar[Departure]
    deadline: typing.ClassVar[Departure]
    full: typing.ClassVar[Departure]
    none: typing.ClassVar[Departure]
    stuck: typing.ClassVar[Departure]
    @typing.overload
    def __eq__(self, other: Departure) -> bool:
        ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __getstate__(self) -> int:
        ...
    def __hash__(self) -> int:
        ...
    def __index__(self) -> int:
        ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __int__(self) -> int:
        ...
    @typing.overload
    def __ne__(self, other: Departure) -> bool:
        ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def __str__(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def value(self) -> int:
        ...
class CallSpan:
    """
    A batch that ran on some of a request's images.
    """
    @property
    def batch(self) -> int:
        """
        Images of all requests.
        """
    @property
    def end_ms(self) -> float:
        ...
    @property
    def images(self) -> int:
        """
        Of the request.
        """
    @property
    def stage(self) -> int:
        """
        0: the multiplexer, i + 1: model i.
        """
    @property
    def start_ms(self) -> float:
        """
        Since the request came.
        """
class ServiceRequest:
    """
    Images, and what answers may cost.
    """
    def __init__(self, images: numpy.ndarray, *, model: typing.SupportsInt | typing.SupportsIndex | None = None, point: typing.SupportsInt | typing.SupportsIndex | None = None, deadline_ms: typing.SupportsFloat | typing.SupportsIndex | None = None, max_cost: typing.SupportsFloat | typing.SupportsIndex | None = None, decide_only: bool = False) -> None:
        ...
class ServiceAnswer:
    """
    What became of a request, row by row.
    """
    @property
    def answered_from(self) -> list[int]:
        """
        (n), bits.
        """
    @property
    def answers(self) -> list[int]:
        """
        (n), classes.
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run.
        """
    @property
    def calls(self) -> list[CallSpan]:
        """
        Batches that ran on its images.
        """
    @property
    def costs(self) -> list[float]:
        """
        (n), of called models and multiplexer.
        """
    @property
    def departures(self) -> list[Departure]:
        ...
    @property
    def first_input(self) -> int:
        ...
    @property
    def message(self) -> str:
        ...
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (n, K).
        """
    @property
    def records(self) -> list[str]:
        """
        (n), JSON, where decisions are recorded.
        """
    @property
    def retry_after_ms(self) -> float:
        ...
    @property
    def scores(self) -> numpy.ndarray:
        ...
    @property
    def shadow(self) -> list[int]:
        """
        (n), bits: what the shadow asks for.
        """
    @property
    def status(self) -> ServiceStatus:
        ...
    @property
    def total_ms(self) -> float:
        ...
    @property
    def version(self) -> int:
        ...
    @property
    def wanted(self) -> list[int]:
        """
        (n), bits: what the rule asked for.
        """
    @property
    def weights(self) -> numpy.ndarray:
        ...
class Histogram:
    """
    Counts of times in doubling buckets.
    """
    bounds_ms: typing.ClassVar[list] = [0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0, 32768.0]
    def quantile_ms(self, quantile: typing.SupportsFloat | typing.SupportsIndex) -> float:
        ...
    @property
    def buckets(self) -> typing.Annotated[list[int], "FixedSize(21)"]:
        ...
    @property
    def count(self) -> int:
        ...
    @property
    def sum_ms(self) -> float:
        ...
class StageStatistics:
    """
    One model's, or the multiplexer's.
    """
    @property
    def batches(self) -> int:
        ...
    @property
    def images(self) -> int:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def run(self) -> Histogram:
        ...
    @property
    def waiting(self) -> int:
        ...
class DriftReading:
    """
    What a drift monitor has to say.
    """
    @property
    def alarm(self) -> bool:
        ...
    @property
    def alpha(self) -> float:
        ...
    @property
    def cause(self) -> str:
        ...
    @property
    def e_value(self) -> float:
        ...
    @property
    def observed(self) -> int:
        ...
class StuckBatch:
    """
    A batch that has run for longer than it may.
    """
    @property
    def seconds(self) -> float:
        """
        That it has run.
        """
    @property
    def stage(self) -> int:
        """
        0: the multiplexer, i + 1: model i.
        """
    @property
    def version(self) -> int:
        """
        Of the deployment.
        """
class WorkersState:
    """
    Threads that run models.
    """
    @property
    def count(self) -> int:
        """
        That there should be.
        """
    @property
    def left(self) -> int:
        """
        Of those, the ones that are not stuck.
        """
    @property
    def stuck(self) -> list[StuckBatch]:
        ...
class ServiceStatistics:
    """
    All since the service began.
    """
    @property
    def called(self) -> list[int]:
        """
        Of those, by model.
        """
    @property
    def cost(self) -> float:
        ...
    @property
    def departures(self) -> dict[Departure, int]:
        ...
    @property
    def drift(self) -> DriftReading | None:
        """
        None without a monitor.
        """
    @property
    def images(self) -> int:
        """
        Answered by a rule.
        """
    @property
    def reference_cost(self) -> float:
        ...
    @property
    def requests(self) -> dict[ServiceStatus, int]:
        ...
    @property
    def shadow_agreed(self) -> int:
        ...
    @property
    def shadow_images(self) -> int:
        ...
    @property
    def stages(self) -> list[StageStatistics]:
        """
        The multiplexer, then the models.
        """
    @property
    def total(self) -> Histogram:
        ...
    @property
    def version(self) -> int:
        ...
    @property
    def workers(self) -> WorkersState:
        ...
class Deployment:
    """
    All that a service answers with.
    """
    def __init__(self, models: collections.abc.Sequence[HostedModel], multiplexer: Multiplexer | None, rules: collections.abc.Sequence[Rule], *, point: typing.SupportsInt | typing.SupportsIndex = 0, shadow: Rule = None, reference: typing.SupportsInt | typing.SupportsIndex = 0, recorders: collections.abc.Sequence[Recorder] = [], monitor: DriftMonitor = None) -> None:
        ...
class ServiceOptions:
    """
    How a service works.
    """
    cheaper_when_full: bool
    warm_up: bool
    def __init__(self) -> None:
        ...
    @property
    def deadline_ms(self) -> float:
        """
        Of requests that name none.
        """
    @deadline_ms.setter
    def deadline_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def fill_ms(self) -> float:
        ...
    @fill_ms.setter
    def fill_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def max_batch(self) -> int:
        ...
    @max_batch.setter
    def max_batch(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def queue_images(self) -> int:
        ...
    @queue_images.setter
    def queue_images(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def stuck_ms(self) -> float:
        """
        What runs for longer, and 20 times as long as usual, is stuck.
        """
    @stuck_ms.setter
    def stuck_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def threads_each(self) -> int:
        ...
    @threads_each.setter
    def threads_each(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def warm_up_ms(self) -> float:
        """
        Longest wait for a batch of that.
        """
    @warm_up_ms.setter
    def warm_up_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def workers(self) -> int:
        ...
    @workers.setter
    def workers(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class Service:
    """
    Algorithm 2 for many requests at a time.
    
    Threads may call it at once.
    """
    def __init__(self, deployment: Deployment, options: ServiceOptions) -> None:
        """
        Raises:
            ValueError: what does not fit.
        """
    def close(self, within_ms: typing.SupportsFloat | typing.SupportsIndex = 3600000.0) -> bool:
        """
        Answer what is there, for which every deadline is over after within_ms, and stop.
        
        False: threads whose batch has not come back are left to themselves.
        """
    def deploy(self, deployment: Deployment) -> int:
        """
        Answer requests to come with another; its version.
        
        Raises:
            ValueError: other models.
            RuntimeError: one that does not come back from its first images.
        """
    def infer(self, request: ServiceRequest) -> ServiceAnswer:
        """
        Wait for the answer.
        
        Raises:
            ValueError: images that do not fit.
        """
    def statistics(self) -> ServiceStatistics:
        ...
    def submit(self, ticket: typing.SupportsInt | typing.SupportsIndex, request: ServiceRequest) -> None:
        """
        The answer comes by take(), under its ticket.
        
        Raises:
            ValueError.
        """
    def take(self) -> list[tuple[int, ServiceAnswer]]:
        """
        The answers that wait, with their tickets.
        """
    def workers(self) -> WorkersState:
        ...
    @property
    def descriptor(self) -> int:
        """
        Readable while answers wait.
        """
class EndpointOptions:
    """
    The model in the cloud.
    """
    logits: bool
    model: str
    version: str
    @property
    def input(self) -> str:
        """
        Empty: the first that fits the payload.
        """
    @input.setter
    def input(self, arg0: str) -> None:
        ...
    @property
    def jpeg_quality(self) -> int:
        ...
    @jpeg_quality.setter
    def jpeg_quality(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def output(self) -> str:
        """
        Empty: probabilities, or the first.
        """
    @output.setter
    def output(self, arg0: str) -> None:
        ...
    @property
    def payload(self) -> str:
        """
        raw, png or jpeg.
        """
    @payload.setter
    def payload(self, arg0: str) -> None:
        ...
class OffloadObjective:
    """
    What the user wants.
    """
    @property
    def max_energy_mj(self) -> float | None:
        ...
    @max_energy_mj.setter
    def max_energy_mj(self, arg0: typing.SupportsFloat | typing.SupportsIndex | None) -> None:
        ...
    @property
    def max_latency_ms(self) -> float | None:
        ...
    @max_latency_ms.setter
    def max_latency_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex | None) -> None:
        ...
    @property
    def per_mj(self) -> float:
        ...
    @per_mj.setter
    def per_mj(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def per_ms(self) -> float:
        """
        Score that a millisecond is worth.
        """
    @per_ms.setter
    def per_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def threshold(self) -> float:
        ...
    @threshold.setter
    def threshold(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class RetryOptions:
    """
    Further attempts, within a budget.
    """
    @property
    def base_ms(self) -> float:
        ...
    @base_ms.setter
    def base_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def burst(self) -> float:
        ...
    @burst.setter
    def burst(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def most(self) -> int:
        ...
    @most.setter
    def most(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def share(self) -> float:
        ...
    @share.setter
    def share(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class BreakerOptions:
    """
    When a failing server is left alone.
    """
    @property
    def cooldown_ms(self) -> float:
        ...
    @cooldown_ms.setter
    def cooldown_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def failures(self) -> int:
        ...
    @failures.setter
    def failures(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def max_cooldown_ms(self) -> float:
        ...
    @max_cooldown_ms.setter
    def max_cooldown_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OffloadOptions:
    """
    How an OffloadClient works.
    """
    breaker: BreakerOptions
    endpoint: EndpointOptions
    objective: OffloadObjective
    retry: RetryOptions
    small: Cost
    def __init__(self) -> None:
        ...
    @property
    def deadline_ms(self) -> float:
        ...
    @deadline_ms.setter
    def deadline_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def link(self) -> LinkProfile:
        """
        Rates to begin with; the radio's powers.
        """
    @link.setter
    def link(self, arg0: LinkProfile) -> None:
        ...
    @property
    def margin_ms(self) -> float:
        ...
    @margin_ms.setter
    def margin_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def multiplexer_cost(self) -> Cost:
        """
        What the multiplexer costs the device.
        """
    @multiplexer_cost.setter
    def multiplexer_cost(self, arg0: Cost) -> None:
        ...
    @property
    def probe_timeout_ms(self) -> float:
        ...
    @probe_timeout_ms.setter
    def probe_timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def refresh_ms(self) -> float:
        ...
    @refresh_ms.setter
    def refresh_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def request_timeout_ms(self) -> float:
        ...
    @request_timeout_ms.setter
    def request_timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def seed(self) -> int:
        ...
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class OffloadAnswer:
    """
    An answer and where it came from.
    """
    @property
    def answer(self) -> int:
        """
        The class.
        """
    @property
    def attempts(self) -> int:
        ...
    @property
    def detail(self) -> str:
        """
        Why the cloud did not answer, in words.
        """
    @property
    def energy_mj(self) -> Quantity:
        """
        Of the device, modelled.
        """
    @property
    def latency_ms(self) -> float:
        ...
    @property
    def lateness_ms(self) -> float:
        """
        Past the deadline; 0 in time.
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (1, K).
        """
    @property
    def reason(self) -> str:
        ...
    @property
    def received_bytes(self) -> float:
        ...
    @property
    def route(self) -> str:
        """
        local, offloaded or fell_back.
        """
    @property
    def score(self) -> float | None:
        ...
    @property
    def sent_bytes(self) -> float:
        ...
    @property
    def server_ms(self) -> float | None:
        ...
class OffloadAccount:
    """
    What became of all inputs so far.
    """
    @property
    def answers(self) -> int:
        ...
    @property
    def by_reason(self) -> dict[str, int]:
        ...
    @property
    def fell_back(self) -> int:
        ...
    @property
    def hedged(self) -> int:
        ...
    @property
    def late(self) -> int:
        ...
    @property
    def local(self) -> int:
        ...
    @property
    def offloaded(self) -> int:
        ...
    @property
    def probes(self) -> int:
        ...
    @property
    def received_bytes(self) -> float:
        ...
    @property
    def retries(self) -> int:
        ...
    @property
    def sent_bytes(self) -> float:
        ...
    @property
    def worst_lateness_ms(self) -> float:
        ...
class OffloadClient:
    """
    Answers here, or in the cloud where that is worth it; in time.
    
    Threads may call it at once, each over a connection of its own; a deadline counts from the call.
    """
    def __init__(self, multiplexer: Model, small: Model, server: ConnectionOptions, options: OffloadOptions) -> None:
        """
        `multiplexer`: a Model with the output offload.
        
        Raises:
            ValueError: options that do not fit.
            RuntimeError: built without libcurl, or gRPC, where the URL needs it.
        """
    def answer(self, image: numpy.ndarray, deadline_ms: typing.SupportsFloat | typing.SupportsIndex | None = None, placement: str = 'decide') -> OffloadAnswer:
        """
        Answer an image u8 or f32 (1, c, h, w) before its deadline, whatever the network does. `placement`:
        decide, device (it does not leave the device) or cloud.
        
        Raises:
            ValueError: an image that does not fit.
        """
    def connect(self, timeout_ms: typing.SupportsFloat | typing.SupportsIndex = 2000.0) -> str:
        """
        Empty, or why the endpoint cannot be used now. Not needed: answer() does it aside.
        """
    @property
    def account(self) -> OffloadAccount:
        ...
    @property
    def link(self) -> LinkProfile:
        """
        As measured so far.
        """
    @property
    def local_ms(self) -> float:
        ...
    @property
    def look_ms(self) -> float:
        ...
    @property
    def server_ms(self) -> Quantity:
        ...
    @property
    def state(self) -> str:
        ...
def accuracy_cost_curve(policy: Policy, table: OutcomeTable) -> list[CurvePoint]:
    """
    A policy's family over budgets.
    """
def area_above(policy: Policy, baseline: Policy, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0, *, up_to: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> Estimate | None:
    """
    area_between() a policy and a baseline, such as random mixing, fitted on the same table; None
    for a policy of one operating point, and for the baseline itself.
    """
@typing.overload
def area_between(policy: Policy, other: Policy, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0, *, up_to: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> Estimate:
    """
    Mean height of one curve above the other, with its paired interval; over the costs that
    both reach, or up to a cost, a curve going on level beyond its last point.
    """
@typing.overload
def area_between(policies: collections.abc.Sequence[Policy], others: collections.abc.Sequence[Policy], tables: collections.abc.Sequence[OutcomeTable], seed: typing.SupportsInt | typing.SupportsIndex = 0, *, up_to: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> Estimate:
    """
    The mean of the same over pairs, each fitted with another seed or on other models, with a
    table of its own; interval over pairs and inputs.
    
    Raises:
        ValueError: tables of different inputs.
    """
def auroc(scores: numpy.ndarray, positive: numpy.ndarray) -> float | None:
    """
    Area under the ROC curve: the probability that a positive scores above a negative, ties
    half; None where one of the two is missing. Scores f32 (n), positive u8 (n).
    
    Raises:
        ValueError: the lengths differ.
    """
def bootstrap_difference(a: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], b: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Estimate:
    """
    Mean of a - b over the same inputs, with its paired interval.
    """
def bootstrap_mean(values: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Estimate:
    """
    Mean with its interval.
    """
def bootstrap_replicates(columns: collections.abc.Sequence[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]], seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Estimate:
    """
    Mean of columns over the same inputs, a replicate each, with its interval over both.
    """
def build_network(name: str, options: NetworkOptions) -> Graph:
    """
    A network of the zoo as a graph.
    
    Raises:
        ValueError: unknown name, images too small for it.
    """
def certify(policy: Policy, calibration: OutcomeTable, drop: typing.SupportsFloat | typing.SupportsIndex = 0.005, delta: typing.SupportsFloat | typing.SupportsIndex = 0.05, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Guarantee:
    """
    The cheapest operating point that loses at most `drop` of accuracy against the best single
    model, true with probability 1 - delta (Learn then Test).
    
    Raises:
        ValueError: inputs that the policy was fitted on, options out of range.
    """
def choose_within(policy: Policy, calibration: OutcomeTable, limits: collections.abc.Sequence[Limit]) -> OperatingPoint:
    """
    The most accurate operating point that keeps all limits on inputs not seen before.
    
    Raises:
        ValueError: no point does, and what would do.
    """
def class_count(tensors: collections.abc.Sequence[tuple[str, collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]]]) -> int:
    """
    The rows of the last matrix of named shapes.
    
    Raises:
        ValueError: no matrix.
    """
def class_figures(table: OutcomeTable, decisions: Decisions) -> list[ClassStatistics]:
    """
    (K), what the decisions do with each class.
    """
def cloud_only(upload: Cost, cloud: Cost, download: Cost) -> Cost:
    """
    Eq. 10.
    """
def collapsed_model(called_shares: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> int | None:
    """
    The model that answers (nearly) everything: called alone for more than 99 % of the
    inputs.
    """
def collect_outcomes(pool: ModelPool, images: numpy.ndarray, multiplexer: Multiplexer | None, options: CollectOptions) -> OutcomeTable:
    """
    An OutcomeTable of every model's answers to normalised images.
    """
def count_kept(policy: Policy, table: OutcomeTable, *, drop: typing.SupportsFloat | typing.SupportsIndex = 0.005, delta: typing.SupportsFloat | typing.SupportsIndex = 0.05, divisions: typing.SupportsInt | typing.SupportsIndex = 1000, share: typing.SupportsFloat | typing.SupportsIndex = 0.5, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> KeptPromise:
    """
    Certifies a fitted policy on random parts of a table and counts promises that were broken.
    
    Raises:
        ValueError: as certify(), and where a part would be empty.
    """
def data_kinds() -> list[DataKind]:
    """
    All kinds of data set that 'KIND:PATH' may name.
    """
def decode_images(contents: collections.abc.Sequence[bytes], channels: typing.SupportsInt | typing.SupportsIndex, size: typing.SupportsInt | typing.SupportsIndex, resize: typing.SupportsInt | typing.SupportsIndex = 0, max_pixels: typing.SupportsInt | typing.SupportsIndex = 16000000) -> numpy.ndarray:
    """
    Images u8 (n, channels, size, size) from JPEG or PNG contents: the central square resized, or as load_images() does with the shorter side resized to `resize`.
    
    Raises:
        OSError: no whole image, too many pixels.
        ValueError: options.
    """
def describe_contrastive_collapse(both_right_distance: typing.SupportsFloat | typing.SupportsIndex, one_right_distance: typing.SupportsFloat | typing.SupportsIndex) -> str:
    """
    A sentence when the contrastive loss separates nothing, else an empty text.
    """
def digest(array: numpy.ndarray) -> str:
    """
    A number over shape, dtype and every byte, as hexadecimal digits.
    """
def digest_file(path: os.PathLike | str | bytes) -> str:
    """
    The same of a file's bytes.
    
    Raises:
        OSError: no plain file, or unreadable.
    """
def divide(table: OutcomeTable, share: typing.SupportsFloat | typing.SupportsIndex = 0.5, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple[OutcomeTable, OutcomeTable]:
    """
    A table's inputs in two random parts, "held_out" with `share` of them and "test".
    
    Raises:
        ValueError: a part would be empty.
    """
def encode_image(image: numpy.ndarray, format: str, quality: typing.SupportsInt | typing.SupportsIndex = 90) -> bytes:
    """
    One image u8 (1, c, h, w) as a png or jpeg file.
    
    Raises:
        ValueError.
    """
def encoded_bytes(images: numpy.ndarray, format: str, quality: typing.SupportsInt | typing.SupportsIndex = 90) -> list[int]:
    """
    Bytes of each image u8 (n, c, h, w) as raw, png or jpeg.
    
    Raises:
        ValueError.
    """
def end_within(within_ms: typing.SupportsFloat | typing.SupportsIndex) -> None:
    """
    End the process so long after SIGTERM or SIGINT, whatever its threads do; at once at the second.
    
    Raises:
        ValueError: a negative number.
    """
@typing.overload
def evaluate(policy: Policy, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Evaluation:
    """
    Figures of a fitted policy.
    
    Raises:
        ValueError: inputs that it was fitted on.
    """
@typing.overload
def evaluate(policy: Policy, point: OperatingPoint, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Evaluation:
    """
    The same at another of its operating points.
    """
def evaluate_models(table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> list[Estimate]:
    """
    (N), accuracy of each model alone, with its interval.
    """
def exchange(link: LinkProfile, upload_bytes: typing.SupportsFloat | typing.SupportsIndex, download_bytes: typing.SupportsFloat | typing.SupportsIndex, server_ms: Quantity) -> Exchange:
    """
    Upload, waiting for the server, download with the radio's tail.
    
    Raises:
        ValueError.
    """
def failure_prediction(table: OutcomeTable) -> list[FailurePrediction]:
    """
    (N), how well each model's failures are told in advance.
    """
def hardness_levels(table: OutcomeTable, decisions: Decisions) -> list[HardnessLevel]:
    """
    What the decisions do at each number of failing models, 0..N.
    """
def hybrid(local: typing.SupportsFloat | typing.SupportsIndex, multiplexer: Cost, mobile: Cost, cloud: Cost) -> Cost:
    """
    Eq. 13 with Eq. 11 and 12; `cloud` is that of cloud_only().
    
    Raises:
        ValueError: a share outside [0, 1].
    """
def image_payloads() -> list[ImagePayload]:
    """
    All payloads of images.
    """
def in_pool(evaluation: Evaluation, models: collections.abc.Sequence[str], pool: collections.abc.Sequence[str]) -> Evaluation:
    """
    An evaluation on some models of a pool, with called shares of all, 0 for the others.
    
    Raises:
        ValueError: a model that the pool has not.
    """
def interpolate(points: collections.abc.Sequence[tuple[typing.SupportsFloat | typing.SupportsIndex, typing.SupportsFloat | typing.SupportsIndex]], cost: typing.SupportsFloat | typing.SupportsIndex) -> float:
    """
    Accuracy at `cost` on the straight lines between points (cost, accuracy), level outside.
    
    Raises:
        ValueError: no points.
    """
def load_images(files: collections.abc.Sequence[os.PathLike | str | bytes], resize: typing.SupportsInt | typing.SupportsIndex = 256, crop: typing.SupportsInt | typing.SupportsIndex = 224) -> numpy.ndarray:
    """
    RGB images u8 (n, 3, crop, crop): shorter side to `resize`, antialiased, centre cut out.
    
    Raises:
        OSError: an unreadable file.
        ValueError: no files, crop above resize.
    """
def load_onnx(path: os.PathLike | str | bytes) -> Classifier:
    """
    An ONNX file, run by OpenCV's DNN module.
    
    Raises:
        OSError.
        ValueError: a network that OpenCV cannot import.
    """
def load_safetensors(path: os.PathLike | str | bytes) -> tuple[dict[str, numpy.ndarray], dict[str, str]]:
    """
    Return (arrays, metadata).
    
    Raises:
        OSError: unreadable or not valid.
    """
def load_squares(files: collections.abc.Sequence[os.PathLike | str | bytes], channels: typing.SupportsInt | typing.SupportsIndex, size: typing.SupportsInt | typing.SupportsIndex) -> numpy.ndarray:
    """
    Images u8 (n, channels, size, size) as of an image folder: central square, resized.
    
    Raises:
        OSError: an unreadable file.
        ValueError: no files.
    """
def look_closely(policy: Policy, table: OutcomeTable, evaluation: Evaluation) -> Details:
    """
    An evaluation of a policy on a table, looked at closely.
    
    Raises:
        ValueError: inputs that it was fitted on.
    """
def make_dataset(name: str, images: numpy.ndarray, labels: numpy.ndarray, class_names: collections.abc.Sequence[str] = []) -> Dataset:
    """
    A data set from arrays, not copied: images u8 or f32 (n, h, w) or (n, c, h, w), labels (n).
    
    Raises:
        ValueError: shapes, labels or pixels that do not fit, NaN included.
    """
def make_model(name: str, options: NetworkOptions, *, projection_dim: typing.SupportsInt | typing.SupportsIndex = 0, seed: typing.SupportsInt | typing.SupportsIndex | None = 0, normalization: Normalization = ...) -> Model:
    """
    A network of the zoo with fresh weights; without a seed all zero, to look at costs.
    
    Raises:
        ValueError: unknown name.
    """
def make_multiplexer(options: MultiplexerOptions, *, seed: typing.SupportsInt | typing.SupportsIndex = 0, normalization: Normalization = ...) -> Model:
    """
    A multiplexer network with fresh weights.
    
    Raises:
        ValueError.
    """
def make_policy(name: str, options: PolicyOptions = ...) -> Policy:
    """
    A policy by name.
    
    Raises:
        ValueError: lists the names there are.
    """
def make_splits(data: Dataset, options: SplitOptions) -> Splits:
    """
    Divide data, stratified by class.
    
    Raises:
        ValueError: a class has too few images.
    """
def matching_network(tensors: collections.abc.Sequence[tuple[str, collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]]], options: NetworkOptions) -> str:
    """
    The network of the zoo whose tensors have these names and shapes, in its order, with
    as many classes as the last matrix has rows.
    
    Raises:
        ValueError: there is none.
    """
def measure_latency(model: Model, batch: typing.SupportsInt | typing.SupportsIndex = 1, turns: typing.SupportsInt | typing.SupportsIndex = 30) -> Latency:
    """
    Measure short turns of inference passes, more of them where the machine is busy.
    
    Raises:
        ValueError: a batch or a number of turns below 1.
    """
def measure_normalization(data: Dataset) -> Normalization:
    """
    Mean and deviation of each channel.
    """
def mobile_only(mobile: Cost) -> Cost:
    """
    Eq. 9.
    """
def monitored_values(policy: Policy, table: OutcomeTable) -> dict[str, list[float]]:
    """
    What a DriftMonitor watches, for every row.
    
    Raises:
        ValueError.
    """
def multiplexed(called: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], models: collections.abc.Sequence[Cost], multiplexer: Cost = ...) -> Cost:
    """
    Eq. 14, and the multiplexer.
    
    Raises:
        ValueError: shares that do not fit.
    """
def multiplexer_weights(scores: numpy.ndarray, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], options: WeightOptions = ...) -> numpy.ndarray:
    """
    softmax over the models of score - lambda c / max c (Eq. 5 and 6), as the scores (n, N).
    
    Raises:
        ValueError: shapes that do not fit, costs not above 0.
    """
def networks() -> list[NetworkEntry]:
    """
    All networks of the zoo, by family.
    """
def no_cost() -> Cost:
    """
    Nothing, known to be nothing.
    """
def normalize(images: numpy.ndarray, normalization: Normalization) -> numpy.ndarray:
    """
    (x - mean) / deviation, f32.
    
    Raises:
        ValueError: NaN, or another shape.
    """
def open_splits(spec: str, options: SplitOptions, channels: typing.SupportsInt | typing.SupportsIndex = 3, size: typing.SupportsInt | typing.SupportsIndex = 64) -> Splits:
    """
    Data from 'KIND:PATH', divided; channels and size are for image folders.
    
    Raises:
        ValueError: kind or classes that do not fit.
        OSError: bad files.
    """
def operators() -> list[OperatorEntry]:
    """
    All operators.
    """
def optimizers() -> list[OptimizerEntry]:
    """
    All optimizers.
    """
def plan_bytes(model: Model, batch: typing.SupportsInt | typing.SupportsIndex = 1) -> int:
    """
    Bytes of all buffers of a compiled inference pass, weights not counted.
    """
def policies() -> list[PolicyEntry]:
    """
    All policies, in the order in which they are reported.
    """
def probabilities_of(answers: numpy.ndarray, n: typing.SupportsInt | typing.SupportsIndex, classes: typing.SupportsInt | typing.SupportsIndex, logits: bool, name: str) -> numpy.ndarray:
    """
    Answers f32 (n, K) as probabilities; classes 0: any K.
    
    Raises:
        ValueError: another shape, not finite, no probabilities.
    """
def read_grpc_request(message: bytes, images: typing.SupportsInt | typing.SupportsIndex) -> InferenceRequest:
    """
    Read a ModelInferRequest as it goes over gRPC.
    
    Raises:
        ValueError: it is none, or beyond the limits.
    """
def read_rest_request(body: bytes, json_length: typing.SupportsInt | typing.SupportsIndex, images: typing.SupportsInt | typing.SupportsIndex) -> InferenceRequest:
    """
    Read a REST body of at most so many encoded images a tensor.
    
    Raises:
        ValueError: it is none, or beyond the limits.
    """
def record_decisions(policy: Policy, table: OutcomeTable, rows: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = []) -> list[str]:
    """
    Lines of JSON, one an input, that say why it went where it went; of all rows by default.
    
    Raises:
        ValueError: other models.
    """
def recovery_costs(points: collections.abc.Sequence[CurvePoint], start: typing.SupportsFloat | typing.SupportsIndex, to: typing.SupportsFloat | typing.SupportsIndex, shares: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> list[float | None]:
    """
    The least cost of a curve's point with accuracy start + share (to - start), by share;
    None where no point has it.
    """
def release_free_memory() -> None:
    """
    Give memory that nobody uses back to the system.
    """
def replay_records(policy: Policy, lines: collections.abc.Sequence[str]) -> list[ReplayedRecord]:
    """
    The decisions on what records say was known.
    
    Raises:
        ValueError: no record of this policy in this version.
    """
def require_same(there: str, here: str, where: str, expected: str, place: str = 'before') -> None:
    """
    Compare two JSON texts.
    
    Raises:
        ValueError: they differ; it lists each leaf that does.
    """
def right_wrong_matrix(table: OutcomeTable) -> list[float]:
    """
    (N * N), row's model right and column's wrong: the paper's Quantity 1.
    """
def roc_curve(scores: numpy.ndarray, positive: numpy.ndarray) -> list[tuple[float, float]]:
    """
    Pairs (false, true positive rate) from (0, 0) to (1, 1), by falling threshold, without the
    points between two equal steps. Scores f32 (n), positive u8 (n).
    
    Raises:
        ValueError: the lengths differ, or positives or negatives are missing.
    """
def run_frozen_models(models: collections.abc.Sequence[Model], data: Dataset, normalization: Normalization, options: FrozenOptions) -> FrozenOutputs:
    """
    Answers of every model for every variant of every input.
    
    Raises:
        ValueError.
    """
def run_multiplexer(multiplexer: Multiplexer, images: numpy.ndarray, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> MultiplexerView:
    """
    Run a multiplexer over normalised images; costs are the N models'.
    """
def save_safetensors(path: os.PathLike | str | bytes, tensors: collections.abc.Mapping[str, numpy.ndarray], metadata: collections.abc.Mapping[str, str] = {}) -> None:
    """
    Write named arrays and texts atomically.
    
    Raises:
        OSError: it cannot be written.
    """
def schedules() -> list[ScheduleEntry]:
    """
    All schedules.
    """
def set_threads(threads: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Threads for every computation; 0 means the cores this process may use.
    
    Raises:
        ValueError: a negative number.
    """
def shuffle(table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> OutcomeTable:
    """
    A table's inputs in random order: what is learnt from parts of it comes from other
    parts.
    """
def split_dataset(data: Dataset, second_fraction: typing.SupportsFloat | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex) -> tuple[Dataset, Dataset]:
    """
    Divide in two, stratified.
    
    Raises:
        ValueError.
    """
def study(held_out: OutcomeTable, test: OutcomeTable, *, cost_kind: str = '', policy: str, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Study:
    """
    Fits every policy that `held_out` suffices for, and evaluates it on `test`; `policy` is the
    one of which saving, gain and details are.
    
    Raises:
        ValueError: fewer than two models, an unknown kind of cost, tables that do not fit
            each other or share inputs.
    """
def supports_bf16() -> bool:
    """
    Whether this CPU multiplies bf16 and this build has the kernels for it.
    """
def threads() -> int:
    """
    The number of threads in use.
    """
def train_models(models: collections.abc.Sequence[Model], train: Dataset, held_out: Dataset, normalization: Normalization, options: ModelTrainingOptions, callback: collections.abc.Callable[[Progress], bool] = None, *, right: numpy.ndarray = ...) -> TrainingResult:
    """
    Step 1 of Algorithm 1: all models jointly on each batch.
    
    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.
    """
def train_multiplexer(multiplexer: Model, outputs: FrozenOutputs, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], options: MultiplexerTrainingOptions, validation: FrozenOutputs | None = None, callback: collections.abc.Callable[[Progress], bool] = None) -> TrainingResult:
    """
    Step 2 of Algorithm 1: the multiplexer, models frozen.
    
    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.
    """
def usable_cores() -> int:
    """
    The cores that this process may use: those it may run on, within its CPU quota.
    """
def versions() -> dict[str, str]:
    """
    Versions of what the core was built with.
    """
AS_GOOD_WITHIN: float = 0.005
__version__: str = '0.1.0'
