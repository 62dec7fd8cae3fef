"""
The C++ core of muxnet.
"""
from __future__ import annotations
import collections.abc
import numpy
import os
import pathlib
import typing
__all__: list[str] = ['AS_GOOD_WITHIN', 'Abstaining', 'Abstention', 'AnswerHistory', 'AnswerKind', 'Answered', 'AnsweredRequest', 'AskedAnswer', 'Augmentation', 'BreakerOptions', 'BusyError', 'CallSpan', 'Choice', 'ClassStatistics', 'Classifier', 'CollectOptions', 'ConnectionOptions', 'ContrastiveOptions', 'Cost', 'CostStatistics', 'CrossValidated', 'CurvePoint', 'DEPLOYMENT_FILE', 'DataKind', 'Dataset', 'DecisionBatch', 'Decisions', 'Departure', 'Deployment', 'Details', 'DeviceProfile', 'Diversity', 'DriftMonitor', 'DriftReading', 'EndpointError', 'EndpointOptions', 'EndpointPlace', 'EndpointStatistics', 'EnergyMeter', 'EpochRecord', 'Estimate', 'Evaluation', 'Exchange', 'FailurePrediction', 'FileError', 'FitOptions', 'Formulation', 'FrontOptions', 'FrozenOptions', 'FrozenOutputs', 'GearChange', 'GearState', 'Gears', 'Graph', 'Guarantee', 'HardnessLevel', 'Health', 'Histogram', 'HostedModel', 'HttpLoad', 'ImageFiles', 'ImageFit', 'ImageFolder', 'ImageFormat', 'ImagePayload', 'Interpolation', 'Interval', 'KeptAbstention', 'KeptPromise', 'Latency', 'LeftOut', 'Limit', 'LinkProfile', 'LoadTally', 'Loader', 'MULTIPLEXER_FILE', 'MULTIPLEXER_WEIGHTS_FILE', 'Metric', 'MetricSample', 'Model', 'ModelMetadata', 'ModelPool', 'ModelReliability', 'ModelStudy', 'ModelTrainingOptions', 'Multiplexer', 'MultiplexerBody', 'MultiplexerKind', 'MultiplexerOptions', 'MultiplexerSource', 'MultiplexerTrainingOptions', 'MultiplexerView', 'NetworkEntry', 'NetworkOptions', 'Normalization', 'Objective', 'OffloadAccount', 'OffloadAnswer', 'OffloadClient', 'OffloadObjective', 'OffloadOptions', 'OffloadTarget', 'OnnxDescription', 'OnnxEngine', 'OnnxOptions', 'OnnxValue', 'OperatingPoint', 'OperatorEntry', 'OptimizerEntry', 'OptimizerOptions', 'OutcomeTable', 'Policy', 'PolicyEntry', 'PolicyOptions', 'PolicyStudy', 'Precision', 'Predictor', 'Progress', 'Quantity', 'Recorder', 'Reliability', 'ReliabilityBin', 'RemoteCall', 'RemoteModelOptions', 'ReplayedRecord', 'RetryOptions', 'Routed', 'Router', 'Rule', 'SavedMultiplexer', 'ScheduleEntry', 'ScheduleOptions', 'Served', 'Server', 'ServerOptions', 'Service', 'ServiceAnswer', 'ServiceOptions', 'ServiceRequest', 'ServiceStatistics', 'ServiceStatus', 'SplitOptions', 'Splits', 'StageStatistics', 'StuckBatch', 'StuckModel', 'Study', 'TensorSpec', 'TrainingError', 'TrainingResult', 'Verdict', 'WeightOptions', 'WorkersState', 'accuracy_cost_curve', 'area_above', 'area_between', 'auroc', 'bootstrap_difference', 'bootstrap_mean', 'bootstrap_replicates', 'build_network', 'certify', 'check_pixels', 'choose_within', 'class_count', 'class_statistics', 'cloud_only', 'collapsed_model', 'collect_outcomes', 'connections_within_descriptors', 'contrastive', 'count_kept', 'count_kept_abstentions', 'cross_entropy', 'cross_fitted', 'cross_validate', 'data_kinds', 'decode_images', 'describe_contrastive_collapse', 'describe_onnx', 'digest', 'digest_file', 'distil_to', 'distillation', 'divide', 'draw_folds', 'draw_parts', 'encode_image', 'encoded_bytes', 'end_within', 'evaluate', 'evaluate_answered', 'evaluate_models', 'exchange', 'failure_prediction', 'find_abstention', 'format_images', 'hardness_levels', 'hybrid', 'image_endings', 'image_fits', 'image_payloads', 'image_statistic_names', 'image_statistics', 'in_pool', 'interpolate', 'interpolations', 'learning_rate', 'list_image_folder', 'load_deployment', 'load_multiplexer', 'load_onnx', 'load_safetensors', 'look_closely', 'make_dataset', 'make_model', 'make_multiplexer', 'make_policy', 'make_splits', 'matching_network', 'measure_latency', 'measure_normalization', 'mobile_only', 'model_reliability', 'monitored_values', 'multiplexed', 'multiplexer_correctness', 'multiplexer_ensemble', 'multiplexer_inputs', 'multiplexer_kinds', 'multiplexer_weights', 'networks', 'no_cost', 'normalize', 'online_targets', 'onnx_engines', 'open_dataset', 'open_endpoint', 'open_splits', 'operators', 'optimizers', 'parse_endpoint', 'paying_batch', 'plan_bytes', 'policies', 'probabilities_of', 'read_images', 'read_metadata', 'read_stored_images', 'record_decisions', 'recorded_outputs', 'recovery_costs', 'refuse_unreadable', 'release_free_memory', 'replay_records', 'require_same', 'right_wrong_matrix', 'roc_curve', 'run_frozen_models', 'run_load', 'run_multiplexer', 'save_deployment', 'save_multiplexer', 'save_safetensors', 'scale_scores', 'schedules', 'set_threads', 'shown_to_multiplexer', 'shuffle', 'split_dataset', 'split_stratified', 'study', 'supports_bf16', 'supports_int8', 'threads', 'train_models', 'train_multiplexer', 'usable_cores', 'versions', 'view_of_scores', 'with_view']
class FileError(OSError):
    """
    A file or stream that cannot be read or written as asked (Python: OSError).
    """
class TrainingError(RuntimeError):
    """
    Training that cannot go on: loss not finite or diverging (Python: muxnet.TrainingError).
    """
class BusyError(RuntimeError):
    """
    A call on an object that another thread is using in a way that does not go with it (Python:
    muxnet.BusyError).
    """
class Normalization:
    """
    Mean and standard deviation of each channel; u8 pixels count as value / 255, f32 as they are.
    """
    def __init__(self, mean: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], deviation: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def deviation(self) -> list[float]:
        """
        Of each channel.
        """
    @property
    def mean(self) -> list[float]:
        """
        Of each channel.
        """
class Precision:
    """
    In what a plan keeps activations and multiplies. bf16: as mixed precision elsewhere, operators
    that can (convolution, batch norm, linear, pooling, ReLU, addition) read and write bf16 and sum
    in float; all else, parameters and their gradients stay as they are. int8, for inference alone:
    convolutions and linear layers multiply integers of 8 bits, sum in 32, and hand 8 bits on to
    each other and through max pooling; all else is in float.
    
    Members:
    
      full : 
    
      bf16 : 
    
      int8 : 
    """
    __members__: typing.ClassVar[dict[str, Precision]]
    bf16: typing.ClassVar[Precision]
    full: typing.ClassVar[Precision]
    int8: typing.ClassVar[Precision]
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
    A network as data: nodes in execution order, each making one value. Shapes are those of a
    batch of one; every operator keeps the first axis as the batch.
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
        Multiply-accumulates for one input.
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
        Trainable parameters (buffers such as running statistics not counted, as torchvision counts).
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
        """
        By which it is chosen.
        """
class NetworkOptions:
    """
    What a network of the zoo is built for.
    """
    def __init__(self, *, channels: typing.SupportsInt | typing.SupportsIndex, height: typing.SupportsInt | typing.SupportsIndex, width: typing.SupportsInt | typing.SupportsIndex, classes: typing.SupportsInt | typing.SupportsIndex, dropout: typing.SupportsFloat | typing.SupportsIndex | None = None) -> None:
        ...
class MultiplexerBody:
    """
    What comes before a multiplexer's meta-feature.
    
    Members:
    
      convolutions : Four of them, on an image.
    
      perceptron : On a vector, given as an image of `channels` numbers and one pixel.
    """
    __members__: typing.ClassVar[dict[str, MultiplexerBody]]
    convolutions: typing.ClassVar[MultiplexerBody]
    perceptron: typing.ClassVar[MultiplexerBody]
    @typing.overload
    def __eq__(self, other: MultiplexerBody) -> bool:
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
    def __ne__(self, other: MultiplexerBody) -> bool:
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
class MultiplexerOptions:
    """
    The multiplexer's shape.
    """
    def __init__(self, *, body: MultiplexerBody = ..., channels: typing.SupportsInt | typing.SupportsIndex = 3, height: typing.SupportsInt | typing.SupportsIndex = 32, width: typing.SupportsInt | typing.SupportsIndex = 32, resolution: typing.SupportsInt | typing.SupportsIndex = 0, filters: typing.SupportsInt | typing.SupportsIndex = 8, hidden: typing.SupportsInt | typing.SupportsIndex = 0, models: typing.SupportsInt | typing.SupportsIndex = 6, meta_dim: typing.SupportsInt | typing.SupportsIndex = 32, classes: typing.SupportsInt | typing.SupportsIndex = 0, shared_meta: bool = False, offload: bool = False) -> None:
        ...
    @property
    def body(self) -> MultiplexerBody:
        """
        What it looks with.
        """
    @body.setter
    def body(self, arg0: MultiplexerBody) -> None:
        ...
    @property
    def channels(self) -> int:
        """
        Of the image that the models see; numbers of a vector.
        """
    @channels.setter
    def channels(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def classes(self) -> int:
        """
        K of the output "logits"; 0: none.
        """
    @classes.setter
    def classes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def filters(self) -> int:
        """
        Channels of the first convolution; later ones have 2, 4, 4 times.
        """
    @filters.setter
    def filters(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def height(self) -> int:
        """
        Of the images, in pixels; 1 of a vector.
        """
    @height.setter
    def height(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def hidden(self) -> int:
        """
        Units of the perceptron's hidden layer; 0: none, it is linear.
        """
    @hidden.setter
    def hidden(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def meta_dim(self) -> int:
        """
        D, as the models' projected embeddings.
        """
    @meta_dim.setter
    def meta_dim(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def models(self) -> int:
        """
        N.
        """
    @models.setter
    def models(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def offload(self) -> bool:
        """
        One output, 0 = device and 1 = cloud, instead of one per model.
        """
    @offload.setter
    def offload(self, arg0: bool) -> None:
        ...
    @property
    def resolution(self) -> int:
        """
        Rows and columns that the convolutions see: larger images are first averaged down to it, which
        costs time but no MACs. 0: the image as it is.
        """
    @resolution.setter
    def resolution(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def shared_meta(self) -> bool:
        """
        One meta-feature for all models (the paper's text), not one each.
        """
    @shared_meta.setter
    def shared_meta(self, arg0: bool) -> None:
        ...
    @property
    def width(self) -> int:
        """
        Of the images, in pixels; 1 of a vector.
        """
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
        Copy named arrays into the model, which then answers in float.
        
        Raises:
            ValueError: missing, extra or misshapen ones, all listed.
        """
    def quantize(self, images: numpy.ndarray) -> None:
        """
        Have the model answer in int8 from now on, with the ranges of its activations on images
        f32 (n, c, h, w), normalised; its weights stay as they are.
        
        Raises:
            ValueError: other images, activations that are not finite, a CPU without VNNI.
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
        """
        Its operators, without weights.
        """
    @property
    def macs(self) -> int:
        """
        Multiply-accumulates for one input (counted).
        """
    @property
    def name(self) -> str:
        """
        Of the network.
        """
    @property
    def normalization(self) -> Normalization:
        """
        Of the images it was trained on; empty: none.
        """
    @property
    def parameter_count(self) -> int:
        """
        Trainable parameters (counted).
        """
    @property
    def ranges(self) -> dict[str, float]:
        """
        Of activations in int8, in which it answers; empty: in float.
        """
class NetworkEntry:
    """
    A network of the zoo. What it builds has the outputs "embedding" (batch, features: what the last
    linear layer sees, before its dropout) and "logits" (batch, classes); parameters are named as
    torchvision names them.
    """
    @property
    def family(self) -> str:
        """
        That it is a size of.
        """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class Predictor:
    """
    A model ready to answer for any number of images. Inference plans for batches of powers of two
    are compiled when first needed, so that three images do not pay for a hundred. Sees changes of
    the model's weights; the model must outlive it. Threads may call it at once: each call has a
    plan of its own, of which there are as many as there were calls at once. All plans share what
    they compute with of the weights; so do those of copies, which have plans of their own.
    """
    def __init__(self, model: Model, max_batch: typing.SupportsInt | typing.SupportsIndex = 128, precision: Precision | None = None) -> None:
        """
        Without a precision it answers in the model's own, as it is now. Raises ValueError
        on a batch below 1; the first answer raises on bf16 and int8 where the CPU has none.
        """
    def output(self, images: numpy.ndarray, name: str) -> numpy.ndarray:
        """
        One named output for normalised images f32 (n, c, h, w).
        
        Raises:
            ValueError: another shape, an unknown output.
        """
class Formulation:
    """
    Which reading of the paper's equations (arXiv 2001.05870v2) to compute: `paper` as printed, made
    computable with the least change; `bounded` the repaired one.
    
    Members:
    
      paper : 
    
      bounded : 
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
    What a multiplexer is trained for: `ensemble`, the paper's Eq. 7, on the weighted answer of all
    models; `correctness`, on whether each single model is right.
    
    Members:
    
      ensemble : 
    
      correctness : 
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
class ContrastiveOptions:
    """
    How Eq. 2 is computed.
    """
    def __init__(self, *, formulation: Formulation = Formulation.bounded, eps: typing.SupportsFloat | typing.SupportsIndex = 0.05) -> None:
        ...
    @property
    def eps(self) -> float:
        """
        Smallest distance under the logarithm, in (0, 1).
        """
    @eps.setter
    def eps(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def formulation(self) -> Formulation:
        """
        Which reading of the paper's equations.
        """
    @formulation.setter
    def formulation(self, arg0: Formulation) -> None:
        ...
class WeightOptions:
    """
    How scores become weights (Eq. 5 and 6).
    """
    def __init__(self, *, formulation: Formulation = Formulation.bounded, lambda_cost: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> None:
        ...
    @property
    def formulation(self) -> Formulation:
        """
        Which reading of the paper's equations.
        """
    @formulation.setter
    def formulation(self, arg0: Formulation) -> None:
        ...
    @property
    def lambda_cost(self) -> float:
        """
        Weight of the dearest model's cost in score units; `bounded` only.
        """
    @lambda_cost.setter
    def lambda_cost(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OptimizerOptions:
    """
    All optimizers' settings; each takes its own and ignores the others'.
    """
    def __init__(self, *, name: str = 'sgd', weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, momentum: typing.SupportsFloat | typing.SupportsIndex = 0.9, nesterov: bool = True, beta1: typing.SupportsFloat | typing.SupportsIndex = 0.9, beta2: typing.SupportsFloat | typing.SupportsIndex = 0.999, eps: typing.SupportsFloat | typing.SupportsIndex = 1e-08) -> None:
        ...
    @property
    def beta1(self) -> float:
        """
        Adamw.
        """
    @beta1.setter
    def beta1(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def beta2(self) -> float:
        """
        Adamw.
        """
    @beta2.setter
    def beta2(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def eps(self) -> float:
        """
        Adamw.
        """
    @eps.setter
    def eps(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def momentum(self) -> float:
        """
        Sgd.
        """
    @momentum.setter
    def momentum(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def name(self) -> str:
        """
        One of optimizers().
        """
    @name.setter
    def name(self, arg0: str) -> None:
        ...
    @property
    def nesterov(self) -> bool:
        """
        Sgd.
        """
    @nesterov.setter
    def nesterov(self, arg0: bool) -> None:
        ...
    @property
    def weight_decay(self) -> float:
        """
        Share of each weight taken off in a step, times the learning rate.
        """
    @weight_decay.setter
    def weight_decay(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class ScheduleOptions:
    """
    All schedules' settings; each takes its own and ignores the others'. Fractions are of
    total_steps.
    """
    def __init__(self, *, name: str = 'one_cycle', learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.1, warmup: typing.SupportsFloat | typing.SupportsIndex = 0.2, final_ratio: typing.SupportsFloat | typing.SupportsIndex = 0.0, anneal: str = 'cosine', milestones: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex] = [0.5, 0.75], decay: typing.SupportsFloat | typing.SupportsIndex = 0.1) -> None:
        ...
    @property
    def anneal(self) -> str:
        """
        one_cycle: "cosine" or "linear".
        """
    @anneal.setter
    def anneal(self, arg0: str) -> None:
        ...
    @property
    def decay(self) -> float:
        """
        Step: factor at each milestone.
        """
    @decay.setter
    def decay(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def final_ratio(self) -> float:
        """
        Cosine, one_cycle: last rate over the highest.
        """
    @final_ratio.setter
    def final_ratio(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def learning_rate(self) -> float:
        """
        The highest of the schedule.
        """
    @learning_rate.setter
    def learning_rate(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def milestones(self) -> list[float]:
        """
        Step: fractions, rising, in (0, 1).
        """
    @milestones.setter
    def milestones(self, arg0: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def name(self) -> str:
        """
        One of schedules().
        """
    @name.setter
    def name(self, arg0: str) -> None:
        ...
    @property
    def warmup(self) -> float:
        """
        Cosine, one_cycle: fraction of steps that rise to the highest rate, in [0, 1).
        """
    @warmup.setter
    def warmup(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OptimizerEntry:
    """
    A way to follow gradients.
    """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class ScheduleEntry:
    """
    A course of the learning rate.
    """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class ImageFormat:
    """
    How a photograph becomes an image of one size: planes (channels, height, width), RGB or grey.
    """
    @staticmethod
    def from_json(json: str) -> ImageFormat:
        """
        What ``json`` gave; keys with a default may be missing.
        
        Raises:
            ValueError: other JSON, by key.
        """
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, *, channels: typing.SupportsInt | typing.SupportsIndex = 3, height: typing.SupportsInt | typing.SupportsIndex, width: typing.SupportsInt | typing.SupportsIndex, fit: str = 'crop', resize: typing.SupportsInt | typing.SupportsIndex = 0, interpolation: str = 'bilinear', antialias: bool = True, upright: bool = True, padding: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        """
        Raises:
            ValueError: out of range, or what does not go together.
        """
    def __repr__(self) -> str:
        ...
    @property
    def antialias(self) -> bool:
        """
        The kernel widens as the picture shrinks, as Pillow's does; false: as
        torchvision on tensors. Of bilinear and bicubic alone.
        """
    @property
    def channels(self) -> int:
        """
        3: RGB; 1: grey.
        """
    @property
    def fit(self) -> str:
        """
        One of image_fits().
        """
    @property
    def height(self) -> int:
        """
        In pixels.
        """
    @property
    def interpolation(self) -> str:
        """
        One of interpolations().
        """
    @property
    def json(self) -> str:
        """
        As one JSON object, its keys the arguments.
        """
    @property
    def padding(self) -> int:
        """
        Value around a letterbox, 0 .. 255.
        """
    @property
    def resize(self) -> int:
        """
        "crop": the shorter side before the cut; 0: cut, then resized. "stretch": both sides before a
        cut; 0: no cut.
        """
    @property
    def shape(self) -> tuple[int, int, int]:
        """
        (channels, height, width).
        """
    @property
    def upright(self) -> bool:
        """
        Turned as EXIF data say; false: as it is stored (torchvision's loader).
        """
    @property
    def width(self) -> int:
        """
        In pixels.
        """
class ImageFit:
    """
    How the shape of a picture is made that of the image.
    """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class Interpolation:
    """
    How pixels are made of their neighbours.
    """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class Dataset:
    """
    Labelled images in memory. A copy shares the pixels. Threads may use one at once that nobody
    changes.
    """
    def __len__(self) -> int:
        ...
    def __repr__(self) -> str:
        ...
    def subset(self, indices: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> Dataset:
        """
        The rows at `indices`, copied, in that order. Raises IndexError on a row that is not
        there.
        """
    @property
    def class_names(self) -> list[str]:
        """
        One a class.
        """
    @property
    def image_shape(self) -> tuple[int, int, int]:
        """
        (channels, height, width).
        """
    @property
    def images(self) -> numpy.ndarray:
        """
        u8 (0..255) or finite f32, (n, channels, height, width).
        """
    @property
    def labels(self) -> numpy.ndarray:
        """
        i32 (n), 0 .. classes-1.
        """
    @property
    def name(self) -> str:
        """
        For messages and reports.
        """
    @property
    def source_index(self) -> list[int]:
        """
        Position in the original file(s), n of them.
        """
class Splits:
    """
    `train` teaches the models, `held_out` the router (inputs that no model has seen), `test`
    nobody.
    """
    @property
    def held_out(self) -> Dataset:
        """
        Empty when held_out_fraction is 0.
        """
    @property
    def test(self) -> Dataset:
        """
        For nobody until the end.
        """
    @property
    def train(self) -> Dataset:
        """
        For the models.
        """
class SplitOptions:
    """
    How data is divided.
    """
    def __init__(self, *, held_out_fraction: typing.SupportsFloat | typing.SupportsIndex = 0.2, test_fraction: typing.SupportsFloat | typing.SupportsIndex = 0.2, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        ...
    @property
    def held_out_fraction(self) -> float:
        """
        Of what is not test; 0: no held-out part.
        """
    @held_out_fraction.setter
    def held_out_fraction(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def seed(self) -> int:
        """
        Of the division.
        """
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def test_fraction(self) -> float:
        """
        Of all; only where the data has no test set of its own.
        """
    @test_fraction.setter
    def test_fraction(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class ImagePayload:
    """
    As what an image is sent.
    """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class DataKind:
    """
    A kind of data set, opened from a folder or an archive.
    """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class Augmentation:
    """
    What a loader does to an image before the network sees it; all off by default.
    """
    def __init__(self, *, crop_padding: typing.SupportsInt | typing.SupportsIndex = 0, horizontal_flip: bool = False, erase_size: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        ...
    @property
    def crop_padding(self) -> int:
        """
        Random shift by up to so many pixels, the border filled with the mean.
        """
    @crop_padding.setter
    def crop_padding(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def erase_size(self) -> int:
        """
        Side of a square set to the mean, its centre uniform over the image
        (cutout, arXiv 1708.04552); 0: none.
        """
    @erase_size.setter
    def erase_size(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def horizontal_flip(self) -> bool:
        """
        Mirrored every other epoch, half of the images in the first.
        """
    @horizontal_flip.setter
    def horizontal_flip(self, arg0: bool) -> None:
        ...
class Loader:
    """
    Batches of a data set, prepared ahead while the caller computes. Order and augmentation depend
    on (seed, epoch) only, never on threads. The memory of a batch is used again once the caller
    holds no tensor of it any more. For one thread at a time: an epoch belongs to the thread that
    began it, and a call of another one raises BusyError; in a forked process every call raises
    RuntimeError.
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
        Begins `epoch` at batch `first_batch`, dropping what was under way. The batches are those of
        an undisturbed epoch from there on. Raises IndexError.
        """
class ImageFiles:
    """
    Image files by class, none of them opened yet.
    """
    @property
    def files(self) -> list[str]:
        """
        Paths, by class and then in sorted order.
        """
    @property
    def labels(self) -> list[int]:
        """
        One a file.
        """
class ImageFolder:
    """
    An image folder by its parts; `test` and `held_out` are empty where it has
    none of its own.
    """
    @property
    def class_names(self) -> list[str]:
        """
        By label.
        """
    @property
    def held_out(self) -> ImageFiles:
        """
        Of a validation part beside a test part.
        """
    @property
    def left_out(self) -> list[str]:
        """
        For people: what is there and is no input, and why.
        """
    @property
    def test(self) -> ImageFiles:
        """
        Of a test part, else a validation part.
        """
    @property
    def train(self) -> ImageFiles:
        """
        All where it is not divided.
        """
class FitOptions:
    """
    What both steps of Algorithm 1 have in common.
    """
    def __init__(self, *, phase: str = '', epochs: typing.SupportsInt | typing.SupportsIndex = 10, batch_size: typing.SupportsInt | typing.SupportsIndex = 128, optimizer: OptimizerOptions = ..., schedule: ScheduleOptions = ..., clip_norm: typing.SupportsFloat | typing.SupportsIndex = 0.0, seed: typing.SupportsInt | typing.SupportsIndex = 0, precision: Precision = Precision.full, checkpoint: os.PathLike | str | bytes = '', checkpoint_seconds: typing.SupportsFloat | typing.SupportsIndex = 60.0, resume: bool = False) -> None:
        ...
    @property
    def batch_size(self) -> int:
        """
        Inputs a step.
        """
    @batch_size.setter
    def batch_size(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def checkpoint(self) -> pathlib.Path:
        """
        Where to keep the training; empty: nowhere. Written at each epoch's end, after
        `checkpoint_seconds` within one, and when the callback stops the training.
        """
    @checkpoint.setter
    def checkpoint(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def checkpoint_seconds(self) -> float:
        """
        Longest time between two checkpoints.
        """
    @checkpoint_seconds.setter
    def checkpoint_seconds(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def clip_norm(self) -> float:
        """
        Greatest L2 norm of a model's gradient; 0: not clipped.
        """
    @clip_norm.setter
    def clip_norm(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def epochs(self) -> int:
        """
        Passes over the training inputs.
        """
    @epochs.setter
    def epochs(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def optimizer(self) -> OptimizerOptions:
        """
        How a gradient becomes a step.
        """
    @optimizer.setter
    def optimizer(self, arg0: OptimizerOptions) -> None:
        ...
    @property
    def phase(self) -> str:
        """
        What progress and errors call it; empty: as the step is called.
        """
    @phase.setter
    def phase(self, arg0: str) -> None:
        ...
    @property
    def precision(self) -> Precision:
        """
        Of forward and backward passes.
        """
    @precision.setter
    def precision(self, arg0: Precision) -> None:
        ...
    @property
    def resume(self) -> bool:
        """
        Go on from `checkpoint` where that file exists, to the same bits as without interruption. It
        must come from a training that is the same in everything but path and period of checkpoints.
        """
    @resume.setter
    def resume(self, arg0: bool) -> None:
        ...
    @property
    def schedule(self) -> ScheduleOptions:
        """
        The learning rate over the steps.
        """
    @schedule.setter
    def schedule(self, arg0: ScheduleOptions) -> None:
        ...
    @property
    def seed(self) -> int:
        """
        Of order and augmentation.
        """
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class ModelTrainingOptions:
    """
    Step 1 of Algorithm 1.
    """
    def __init__(self, *, fit: FitOptions = ..., label_smoothing: typing.SupportsFloat | typing.SupportsIndex = 0.0, contrastive_weight: typing.SupportsFloat | typing.SupportsIndex = 0.0, online_distillation_weight: typing.SupportsFloat | typing.SupportsIndex = 0.0, online_distillation_temperature: typing.SupportsFloat | typing.SupportsIndex = 2.0, learning_rates: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex] = [], augmentation: Augmentation = ...) -> None:
        ...
    @property
    def augmentation(self) -> Augmentation:
        """
        Of training images; held-out ones are only resized.
        """
    @augmentation.setter
    def augmentation(self, arg0: Augmentation) -> None:
        ...
    @property
    def contrastive_formulation(self) -> Formulation:
        """
        Which reading of Eq. 2 to compute.
        """
    @contrastive_formulation.setter
    def contrastive_formulation(self, arg1: Formulation) -> None:
        ...
    @property
    def contrastive_weight(self) -> float:
        """
        Of Eq. 2; above 0 every model needs an output "projected".
        """
    @contrastive_weight.setter
    def contrastive_weight(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def fit(self) -> FitOptions:
        """
        What both steps have in common.
        """
    @fit.setter
    def fit(self, arg0: FitOptions) -> None:
        ...
    @property
    def label_smoothing(self) -> float:
        """
        Probability spread evenly over all classes.
        """
    @label_smoothing.setter
    def label_smoothing(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def learning_rates(self) -> list[float]:
        """
        One multiplier per model; empty: all 1.
        """
    @learning_rates.setter
    def learning_rates(self, arg0: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def online_distillation_temperature(self) -> float:
        """
        By which logits are divided before that.
        """
    @online_distillation_temperature.setter
    def online_distillation_temperature(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def online_distillation_weight(self) -> float:
        """
        Of each model's divergence from the mean answer of all.
        """
    @online_distillation_weight.setter
    def online_distillation_weight(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OffloadTarget:
    """
    What the single output of a mobile/cloud multiplexer learns: 1 = cloud.
    
    Members:
    
      none : No offload: one score per model.
    
      device_wrong : The device's model is wrong.
    
      cloud_rescues : The device's model is wrong and the cloud's is right: nothing else is worth
    it.
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
    def __init__(self, *, fit: FitOptions = ..., objective: Objective = Objective.correctness, weights: WeightOptions = ..., distillation_weight: typing.SupportsFloat | typing.SupportsIndex = 0.0, offload: OffloadTarget = OffloadTarget.none, device: typing.SupportsInt | typing.SupportsIndex = 0, cloud: typing.SupportsInt | typing.SupportsIndex = 1) -> None:
        ...
    @property
    def cloud(self) -> int:
        """
        Position of the model in the cloud.
        """
    @cloud.setter
    def cloud(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def device(self) -> int:
        """
        Models of the offload case, by position.
        """
    @device.setter
    def device(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def distillation_weight(self) -> float:
        """
        Of Eq. 8; above 0 the models need an output "projected".
        """
    @distillation_weight.setter
    def distillation_weight(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def fit(self) -> FitOptions:
        """
        What both steps have in common.
        """
    @fit.setter
    def fit(self, arg0: FitOptions) -> None:
        ...
    @property
    def objective(self) -> Objective:
        """
        What it is trained for.
        """
    @objective.setter
    def objective(self, arg0: Objective) -> None:
        ...
    @property
    def offload(self) -> OffloadTarget:
        """
        What its single output learns, if it has one.
        """
    @offload.setter
    def offload(self, arg0: OffloadTarget) -> None:
        ...
    @property
    def weights(self) -> WeightOptions:
        """
        Of the ensemble objective.
        """
    @weights.setter
    def weights(self, arg0: WeightOptions) -> None:
        ...
class FrozenOptions:
    """
    How frozen models see their inputs.
    """
    def __init__(self, *, variants: typing.SupportsInt | typing.SupportsIndex = 1, augmentation: Augmentation = ..., seed: typing.SupportsInt | typing.SupportsIndex = 0, batch_size: typing.SupportsInt | typing.SupportsIndex = 128) -> None:
        ...
    @property
    def augmentation(self) -> Augmentation:
        """
        Of every variant but the first.
        """
    @augmentation.setter
    def augmentation(self, arg0: Augmentation) -> None:
        ...
    @property
    def batch_size(self) -> int:
        """
        Inputs that a model runs on at once.
        """
    @batch_size.setter
    def batch_size(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def seed(self) -> int:
        """
        Of the augmentation.
        """
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def variants(self) -> int:
        """
        Times each input is seen: first plain, then augmented.
        """
    @variants.setter
    def variants(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class AnswerHistory:
    """
    Whether each of N models was right on each training input each time it saw it, before it learnt
    from it: for the first few epochs nearly what it would answer for an input it never saw.
    """
    def shares(self, visits: typing.SupportsInt | typing.SupportsIndex) -> numpy.ndarray:
        """
        (n, N) f32: the share of the last `visits` (1 to `longest`) in which the model was right; -1
        where there was none.
        """
    @property
    def bits(self) -> numpy.ndarray:
        """
        i32 (n, N): a leading one, then a bit for each visit, the latest lowest, 1 = right.
        """
class EpochRecord:
    """
    One point of the learning curves: an epoch, or what is done of it.
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
        """
        From 1.
        """
    @property
    def held_out_accuracies(self) -> list[float]:
        """
        At its end; empty without a held-out set.
        """
    @property
    def learning_rate(self) -> float:
        """
        Of the last step.
        """
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
        """
        Of training since the start, interruptions not counted.
        """
    @property
    def step(self) -> int:
        """
        Steps done, over all epochs.
        """
class Progress(EpochRecord):
    """
    Where training stands after a step.
    """
    @property
    def epoch_end(self) -> bool:
        """
        The step is the last of its epoch.
        """
    @property
    def epochs(self) -> int:
        """
        To be done in all.
        """
    @property
    def images_per_second(self) -> float:
        """
        Of late.
        """
    @property
    def names(self) -> list[str]:
        """
        Of the models, in the order of their metrics.
        """
    @property
    def phase(self) -> str:
        """
        "models" or "multiplexer".
        """
    @property
    def seconds_left(self) -> float:
        """
        Until the end, as it goes now.
        """
    @property
    def steps(self) -> int:
        """
        To be done in all.
        """
class TrainingResult:
    """
    What a training left.
    """
    @property
    def answers(self) -> AnswerHistory:
        """
        Of train_models.
        """
    @property
    def finished(self) -> bool:
        """
        All epochs are done: nobody stopped it.
        """
    @property
    def history(self) -> list[EpochRecord]:
        """
        Of finished epochs.
        """
    @property
    def seconds(self) -> float:
        """
        As in EpochRecord.
        """
    @property
    def step(self) -> int:
        """
        Steps done.
        """
class FrozenOutputs:
    """
    What N models answer for n inputs in several variants, so that training a multiplexer does not
    run them again. Rows are those of variant 0, then those of variant 1, ...
    """
    @property
    def costs(self) -> list[float]:
        """
        (N), of the models, in one unit.
        """
    @property
    def images(self) -> numpy.ndarray:
        """
        f32 (variants * n, c, h, w), normalised.
        """
    @property
    def inputs(self) -> int:
        """
        N.
        """
    @property
    def labels(self) -> numpy.ndarray:
        """
        i32 (variants * n).
        """
    @property
    def models(self) -> int:
        """
        N.
        """
    @property
    def normalization(self) -> Normalization:
        """
        Of `images`.
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (variants * n, N, K).
        """
    @property
    def variants(self) -> int:
        """
        Of each input.
        """
class Quantity:
    """
    A number with where it comes from, or one that is not known. What is computed from several has
    the origins of all; what is computed from an unknown one is unknown, never zero.
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
        Each once, in the order of Origin; empty when unknown.
        """
    @property
    def value(self) -> float | None:
        """
        The number; None where it is not known.
        """
class Cost:
    """
    What one answer costs. Energy is the device's.
    """
    def __add__(self, arg0: Cost) -> Cost:
        ...
    def __init__(self, macs: Quantity = ..., latency_ms: Quantity = ..., energy_mj: Quantity = ...) -> None:
        ...
    @property
    def energy_mj(self) -> Quantity:
        """
        The device's.
        """
    @property
    def latency_ms(self) -> Quantity:
        """
        Until the answer is there.
        """
    @property
    def macs(self) -> Quantity:
        """
        Multiply-accumulates.
        """
class DeviceProfile:
    """
    What networks cost on one device or server, one input at a time. Threads may use one at once
    that nobody changes.
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
        """
        Of the device.
        """
    @property
    def networks(self) -> dict[str, Cost]:
        """
        Cost of one answer by network.
        """
class LinkProfile:
    """
    A wireless link as the device sees it. Radio power while it sends or receives at r Mbps is
    alpha r + base; after the last byte it stays up for the tail. Threads
    may use one at once that nobody changes.
    Source: Huang et al., A Close Examination of Performance and Power Characteristics of 4G LTE
    Networks, MobiSys 2012.
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
        """
        Megabits a second to the device.
        """
    @property
    def name(self) -> str:
        """
        Of the link.
        """
    @property
    def rtt_ms(self) -> Quantity:
        """
        Round trip of an empty request.
        """
    @property
    def upload_mbps(self) -> Quantity:
        """
        Megabits a second from the device.
        """
class Exchange:
    """
    What lies between the device and the server's answer, for one request that finds the radio up:
    - upload: 8 bytes / (1000 r) ms at alpha_up r + base mW, and half a round trip at base;
    - download: the same the other way round, then the tail, which costs energy and no latency;
    - waiting: `server_ms` at base mW; the server's own energy is not the device's.
    The energy of a later request within the tail of an earlier one is less: this is an upper bound
    for them. Raises ValueError for negative bytes and known rates not above 0.
    """
    @property
    def download(self) -> Cost:
        """
        To the device, with the radio's tail.
        """
    @property
    def upload(self) -> Cost:
        """
        From the device.
        """
    @property
    def waiting(self) -> Cost:
        """
        For the server.
        """
class EnergyMeter:
    """
    The energy that this device draws, by the sensors that Linux shows. Of several kinds the first
    in this order is used:
    - hwmon, ina226, ina238 and ina3221: power (or voltage times current) of each rail;
    - iio, the same chips under NVIDIA's kernels for Jetson boards;
    - powercap, Intel and AMD RAPL: energy counted by the processor: psys, the whole platform, or
    each package and its DRAM, or the packages alone: of those that count the one that counts most
    in the first measurement, to which the meter keeps.
    Where one rail is the board's input (VDD_IN, POM_5V_IN, VIN) it alone counts, since the others
    are behind it; else their sum. Channels that are not connected or give no number are passed
    over. All are read every `period_ms`, power is integrated by the trapezoid rule. What cannot be
    right is not told: a counter that stands still, is set back, or was not read for so long that it
    may have gone round unseen; less than nothing, or more than a machine can draw. Sensors tell of
    the whole device: a measurement of another thread beside it raises BusyError.
    """
    def __init__(self, root: os.PathLike | str | bytes = '/', period_ms: typing.SupportsFloat | typing.SupportsIndex = 5.0) -> None:
        """
        Looks for sensors below `root`; a folder that cannot be read holds none. Raises
        ValueError unless `period_ms` is above 0 and up to 1000.
        """
    def idle_power_mw(self, seconds: typing.SupportsFloat | typing.SupportsIndex) -> Quantity:
        """
        Mean power over `seconds`, up to an hour, in which this process does nothing; unknown as
        measure_mj() is.
        """
    def measure_mj(self, work: collections.abc.Callable[[], None], idle_mw: Quantity = ...) -> Quantity:
        """
        Energy in mJ drawn while `work` runs; with `idle_mw`, of idle_power_mw(), less what the device
        would have drawn anyway. Unknown without a sensor, when it fails on the way, and where what it
        tells cannot be right or is no more than idle: `work` goes on, and sensor() tells why.
        """
    @property
    def sensor(self) -> str:
        """
        "hwmon: VDD_IN", or "not measured: " and why: there is no sensor, or it may not be read and
        what helps, or it failed in the latest measurement or told what cannot be right.
        """
class ConnectionOptions:
    """
    How a server is reached.
    """
    def __init__(self, url: str = '') -> None:
        ...
    @property
    def bearer_token(self) -> str:
        """
        Sent as "Authorization: Bearer ..." unless empty.
        """
    @bearer_token.setter
    def bearer_token(self, arg0: str) -> None:
        ...
    @property
    def ca_file(self) -> pathlib.Path:
        """
        Certificates to trust instead of the system's.
        """
    @ca_file.setter
    def ca_file(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def certificate(self) -> pathlib.Path:
        """
        This client's own, PEM, with its key.
        """
    @certificate.setter
    def certificate(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def connect_timeout_ms(self) -> float:
        """
        Longest wait for a connection.
        """
    @connect_timeout_ms.setter
    def connect_timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def key(self) -> pathlib.Path:
        """
        The certificate's, PEM.
        """
    @key.setter
    def key(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def max_response_bytes(self) -> int:
        """
        A longer response is refused.
        """
    @max_response_bytes.setter
    def max_response_bytes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def proxy(self) -> str:
        """
        Empty: none, whatever the environment says.
        """
    @proxy.setter
    def proxy(self, arg0: str) -> None:
        ...
class EndpointOptions:
    """
    A model on a server and how images are sent to it.
    """
    def __init__(self, *, model: str = '', version: str = '', input: str = '', output: str = '', logits: bool = False, payload: str = 'raw', jpeg_quality: typing.SupportsInt | typing.SupportsIndex = 90) -> None:
        ...
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
        """
        1 to 100.
        """
    @jpeg_quality.setter
    def jpeg_quality(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def logits(self) -> bool:
        """
        The output's softmax is the answer.
        """
    @logits.setter
    def logits(self, arg0: bool) -> None:
        ...
    @property
    def model(self) -> str:
        """
        Its name on the server.
        """
    @model.setter
    def model(self, arg0: str) -> None:
        ...
    @property
    def output(self) -> str:
        """
        Empty: "probabilities", else the one of scores, or of labels.
        """
    @output.setter
    def output(self, arg0: str) -> None:
        ...
    @property
    def payload(self) -> str:
        """
        "raw": pixels as they are (UINT8) or normalised (FP32); "png", "jpeg": files; empty: pixels
        where the server takes them, else files that lose nothing.
        """
    @payload.setter
    def payload(self, arg0: str) -> None:
        ...
    @property
    def version(self) -> str:
        """
        Empty: the server's choice.
        """
    @version.setter
    def version(self, arg0: str) -> None:
        ...
class RetryOptions:
    """
    Further attempts, within a budget.
    """
    def __init__(self, *, most: typing.SupportsInt | typing.SupportsIndex = 1, base_ms: typing.SupportsFloat | typing.SupportsIndex = 10.0, share: typing.SupportsFloat | typing.SupportsIndex = 0.1, burst: typing.SupportsFloat | typing.SupportsIndex = 10.0) -> None:
        ...
    @property
    def base_ms(self) -> float:
        """
        Longest wait before the first; twice as long before each next.
        """
    @base_ms.setter
    def base_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def burst(self) -> float:
        """
        Retries in a row, when all went well before.
        """
    @burst.setter
    def burst(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def most(self) -> int:
        """
        Further attempts of one request.
        """
    @most.setter
    def most(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def share(self) -> float:
        """
        Retries per request, over many.
        """
    @share.setter
    def share(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class BreakerOptions:
    """
    When a failing server is left alone.
    """
    def __init__(self, *, failures: typing.SupportsInt | typing.SupportsIndex = 3, cooldown_ms: typing.SupportsFloat | typing.SupportsIndex = 500.0, max_cooldown_ms: typing.SupportsFloat | typing.SupportsIndex = 30000.0) -> None:
        ...
    @property
    def cooldown_ms(self) -> float:
        """
        Until the first probe; twice as long after each that fails.
        """
    @cooldown_ms.setter
    def cooldown_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def failures(self) -> int:
        """
        In a row, that open it.
        """
    @failures.setter
    def failures(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def max_cooldown_ms(self) -> float:
        """
        And at most so long.
        """
    @max_cooldown_ms.setter
    def max_cooldown_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class RemoteModelOptions:
    """
    A model on a server, and how it is asked.
    """
    def __init__(self, *, name: str = '', server: ConnectionOptions = ..., endpoint: EndpointOptions = ..., classes: typing.SupportsInt | typing.SupportsIndex = 0, retry: RetryOptions = ..., breaker: BreakerOptions = ..., timeout_ms: typing.SupportsFloat | typing.SupportsIndex = 10000.0, probe_timeout_ms: typing.SupportsFloat | typing.SupportsIndex = 2000.0, in_flight: typing.SupportsInt | typing.SupportsIndex = 4, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        ...
    @property
    def breaker(self) -> BreakerOptions:
        """
        When the server is left alone.
        """
    @breaker.setter
    def breaker(self, arg0: BreakerOptions) -> None:
        ...
    @property
    def classes(self) -> int:
        """
        K that its answers must have; 0: as its first.
        """
    @classes.setter
    def classes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def endpoint(self) -> EndpointOptions:
        """
        Which model there, its input and output.
        """
    @endpoint.setter
    def endpoint(self, arg0: EndpointOptions) -> None:
        ...
    @property
    def in_flight(self) -> int:
        """
        Requests on their way at a time; others wait.
        """
    @in_flight.setter
    def in_flight(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def name(self) -> str:
        """
        For messages.
        """
    @name.setter
    def name(self, arg0: str) -> None:
        ...
    @property
    def probe_timeout_ms(self) -> float:
        """
        Longest wait for what the server says of its model.
        """
    @probe_timeout_ms.setter
    def probe_timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def retry(self) -> RetryOptions:
        """
        Further attempts of a request.
        """
    @retry.setter
    def retry(self, arg0: RetryOptions) -> None:
        ...
    @property
    def seed(self) -> int:
        """
        Of the jitter.
        """
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def server(self) -> ConnectionOptions:
        """
        Where it is.
        """
    @server.setter
    def server(self, arg0: ConnectionOptions) -> None:
        ...
    @property
    def timeout_ms(self) -> float:
        """
        Longest that an answer may take, retries included.
        """
    @timeout_ms.setter
    def timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class EndpointStatistics:
    """
    What is counted of a model elsewhere.
    """
    @property
    def failures(self) -> int:
        """
        Attempts and probes without a usable answer.
        """
    @property
    def in_flight(self) -> int:
        """
        Requests on their way now.
        """
    @property
    def probes(self) -> int:
        """
        Questions what the model is, and whether it is back.
        """
    @property
    def requests(self) -> int:
        """
        Sent, retries included.
        """
    @property
    def retries(self) -> int:
        """
        Further attempts.
        """
    @property
    def state(self) -> str:
        """
        Of the circuit breaker.
        """
    @property
    def trouble(self) -> str:
        """
        The last failure in words; empty after an answer.
        """
class EndpointError(RuntimeError):
    """
    A model elsewhere gave no usable answer; the text names it, and where it is.
    """
class TensorSpec:
    """
    One input or output of a model, as its server describes it.
    """
    @property
    def datatype(self) -> str:
        """
        "FP32", "UINT8", "BYTES", ...
        """
    @property
    def name(self) -> str:
        """
        Of the tensor.
        """
    @property
    def shape(self) -> list[int]:
        """
        -1: any extent.
        """
class ModelMetadata:
    """
    What a server says of a model.
    """
    @property
    def inputs(self) -> list[TensorSpec]:
        """
        That it takes.
        """
    @property
    def name(self) -> str:
        """
        Of the model there.
        """
    @property
    def outputs(self) -> list[TensorSpec]:
        """
        That it gives.
        """
class EndpointPlace:
    """
    A model's address, taken apart.
    """
    @property
    def model(self) -> str:
        """
        Its name there.
        """
    @property
    def server(self) -> str:
        """
        As ConnectionOptions::url.
        """
    @property
    def version(self) -> str:
        """
        Empty: the server's choice.
        """
class OnnxValue:
    """
    An input or output of an ONNX file.
    """
    def __str__(self) -> str:
        ...
    @property
    def dtype(self) -> str:
        """
        "f32", "f16", "u8", "i64", "string", ...; "sequence", "map", ...
        """
    @property
    def name(self) -> str:
        """
        By which nodes take or give it.
        """
    @property
    def shape(self) -> list[int] | None:
        """
        0 for free axes; none where the file does not say.
        """
class OnnxDescription:
    """
    What an ONNX file says of itself.
    """
    @property
    def class_labels(self) -> list[int]:
        """
        Of a classifier of ai.onnx.ml, in the order of its scores; none where its classes have names.
        """
    @property
    def class_names(self) -> list[str]:
        """
        The same of one whose classes have names.
        """
    @property
    def external_files(self) -> list[str]:
        """
        That hold weights, in the model's folder.
        """
    @property
    def inputs(self) -> list[OnnxValue]:
        """
        Without those that have a value in the file.
        """
    @property
    def layout(self) -> str:
        """
        Of an input of images, by the operators that take it, else by where its 3 or 1 channels stand:
        "nchw", "nhwc"; "" where neither tells.
        """
    @property
    def metadata(self) -> dict[str, str]:
        """
        What else it says, by key.
        """
    @property
    def nodes(self) -> int:
        """
        Of all graphs within.
        """
    @property
    def operators(self) -> list[str]:
        """
        Each once; of other domains "DOMAIN.NAME".
        """
    @property
    def opsets(self) -> dict[str, int]:
        """
        By domain; "" is ONNX's own.
        """
    @property
    def outputs(self) -> list[OnnxValue]:
        """
        In the file's order.
        """
    @property
    def spans_axes(self) -> bool:
        """
        Whether a Softmax takes several axes as one, as before opset 13, or may do so.
        """
class OnnxEngine:
    """
    What runs ONNX files: a library that is opened when the first file is, whatever version is
    installed, so that nothing of it is needed to build.
    """
    @property
    def name(self) -> str:
        """
        By which it is chosen, and of the Python package that has it.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
class OnnxOptions:
    """
    How an ONNX file is run.
    """
    def __init__(self, *, engine: str = 'onnxruntime', output: str = '', layout: str = '', classes: typing.SupportsInt | typing.SupportsIndex = 0, threads: typing.SupportsInt | typing.SupportsIndex = 0, embedding: str = '') -> None:
        ...
    @property
    def classes(self) -> int:
        """
        K of an answer (n, K); 0: any.
        """
    @classes.setter
    def classes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def embedding(self) -> str:
        """
        Name of an output to give beside the answer; "": none.
        """
    @embedding.setter
    def embedding(self, arg0: str) -> None:
        ...
    @property
    def engine(self) -> str:
        """
        One of onnx_engines().
        """
    @engine.setter
    def engine(self, arg0: str) -> None:
        ...
    @property
    def layout(self) -> str:
        """
        "nchw" or "nhwc"; "": as the file tells.
        """
    @layout.setter
    def layout(self, arg0: str) -> None:
        ...
    @property
    def output(self) -> str:
        """
        Name of the output that answers; "": the only one that can.
        """
    @output.setter
    def output(self, arg0: str) -> None:
        ...
    @property
    def threads(self) -> int:
        """
        Of one call; 0: those of the process.
        """
    @threads.setter
    def threads(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class OutcomeTable:
    """
    Recorded answers of N models, checked once and immutable; copies share everything. Threads may
    use it at once. What an answer is worth is computed at construction, so that policies replay
    without touching the classes again.
    """
    @staticmethod
    def load(path: os.PathLike | str | bytes) -> OutcomeTable:
        """
        Read what save() wrote.
        
        Raises:
            OSError.
        """
    def __init__(self, models: collections.abc.Sequence[str], probabilities: numpy.ndarray = ..., costs: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]] = {}, *, predictions: numpy.ndarray = ..., answer_scores: numpy.ndarray = ..., score_kinds: collections.abc.Sequence[str] = [], top_classes: numpy.ndarray = ..., classes: typing.SupportsInt | typing.SupportsIndex = 0, labels: numpy.ndarray = ..., quality: numpy.ndarray = ..., input_costs: collections.abc.Mapping[str, numpy.ndarray] = {}, groups: numpy.ndarray = ..., scores: numpy.ndarray = ..., offload_score: numpy.ndarray = ..., multiplexer_costs: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex] = {}, split: str = '', source: str = '', indices: numpy.ndarray = ..., contents: numpy.ndarray = ..., features: numpy.ndarray = ..., class_names: collections.abc.Sequence[str] = [], inputs: collections.abc.Mapping[str, str] = {}, encoder: str = '') -> None:
        """
        From arrays, shaped and typed as the properties of the same names.
        
        Raises:
            ValueError: what disagrees, with row and model.
        """
    def __len__(self) -> int:
        ...
    def accuracies(self) -> list[float]:
        """
        (N), mean quality of each model alone over what it answered: of labels its share of right
        answers.
        """
    def complete(self) -> OutcomeTable:
        """
        The inputs that every model answered, by the same places; the table itself where all are.
        Raises ValueError where there are none.
        """
    def complete_rows(self) -> list[int]:
        """
        The rows of inputs that every model answered.
        """
    def costs(self, kind: str) -> list[float]:
        """
        (N). Raises ValueError that lists the kinds there are.
        """
    def distributions(self) -> numpy.ndarray:
        """
        f32 (n, N, K), of all classes; (0, N, K) of answers alone.
        """
    def multiplexer_cost(self, kind: str) -> float:
        """
        Cost of one pass of the multiplexer; 0 when the table has no multiplexer.
        """
    def of_models(self, places: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> OutcomeTable:
        """
        What the models at these places answered, in that order, without what a multiplexer said of
        them. Raises ValueError on a place outside [0, N), or the same one twice.
        """
    def rows_beyond(self, other: OutcomeTable) -> list[int]:
        """
        The rows whose inputs the other does not hold; all where as many are alike by chance.
        """
    def save(self, path: os.PathLike | str | bytes) -> None:
        """
        Write as safetensors, atomically.
        
        Raises:
            OSError.
        """
    def subset(self, rows: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], split: str = '') -> OutcomeTable:
        """
        The rows `rows`, in that order, which keep their place in the source. Raises
        ValueError on a row outside [0, n). `split` renames the part when not empty.
        """
    def traded_cost(self, wanted: str = '') -> str:
        """
        The kind of cost to trade against accuracy: the one wanted, else "macs", else the first by
        name. Raises ValueError that lists the kinds there are.
        """
    @property
    def answer_scores(self) -> numpy.ndarray:
        """
        f32 (n, N, S), any numbers, NaN: none.
        """
    @property
    def by_quality(self) -> bool:
        """
        What answers are worth was recorded, in place of what follows from labels.
        """
    @property
    def class_names(self) -> list[str]:
        """
        Of the first classes, at most K.
        """
    @property
    def classes(self) -> int:
        """
        K; 0: as many as are named or met.
        """
    @property
    def confidences(self) -> numpy.ndarray:
        """
        f32 (n, N): probability of the class answered, else the first of its scores, else NaN.
        """
    @property
    def contents(self) -> numpy.ndarray:
        """
        i64 (n): digests of what the inputs hold, by which they are the same in any collection; 0: not
        known.
        """
    @property
    def cost_kinds(self) -> list[str]:
        """
        What costs() knows, sorted.
        """
    @property
    def distributed(self) -> bool:
        """
        Every model answered with a distribution.
        """
    @property
    def encoder(self) -> str:
        """
        The model whose output the multiplexer is shown; it is called first.
        """
    @property
    def features(self) -> numpy.ndarray:
        """
        f32 (n, F).
        """
    @property
    def group_count(self) -> int:
        """
        Groups of inputs that stay together; each input its own where there are none.
        """
    @property
    def groups(self) -> numpy.ndarray:
        """
        i64 (n): inputs of one group (a patient, a video) stay together.
        """
    @property
    def indices(self) -> numpy.ndarray:
        """
        i64 (n), places of the inputs in `source`.
        """
    @property
    def input_costs(self) -> dict[str, numpy.ndarray]:
        """
        Kind -> f32 (n, N), what each call cost.
        """
    @property
    def inputs(self) -> dict[str, str]:
        """
        Model -> what it was shown, as JSON.
        """
    @property
    def inputs_digest(self) -> str:
        """
        Names the inputs, of whatever part and in any order.
        """
    @property
    def judged(self) -> bool:
        """
        Answers can be told good from bad: there are labels, or quality.
        """
    @property
    def labels(self) -> numpy.ndarray:
        """
        i32 (n).
        """
    @property
    def missing_share(self) -> float:
        """
        Share of the n N answers that were not recorded.
        """
    @property
    def models(self) -> list[str]:
        """
        Names, in their order.
        """
    @property
    def offload_score(self) -> numpy.ndarray:
        """
        f32 (n) in [0, 1]: 0 = device, 1 = cloud.
        """
    @property
    def predictions(self) -> numpy.ndarray:
        """
        i32 (n, N), classes.
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (n, N, W) in [0, 1]: of all K classes, rows summing to 1, or of `top_classes`.
        """
    @property
    def quality(self) -> numpy.ndarray:
        """
        f32 (n, N) in [0, 1]: what an answer is worth, 1 or 0 by its label where no quality was
        recorded; NaN where there is no answer. Raises ValueError with neither.
        """
    @property
    def recorded_quality(self) -> numpy.ndarray:
        """
        f32 (n, N) in [0, 1], in place of label = class; NaN where no answer is.
        """
    @property
    def right(self) -> numpy.ndarray:
        """
        (n N) of 0 or 1: the answer is right: worth at least half.
        """
    @property
    def score_kinds(self) -> list[str]:
        """
        S different names.
        """
    @property
    def scores(self) -> numpy.ndarray:
        """
        f32 (n, N), logits of "model i is right".
        """
    @property
    def source(self) -> str:
        """
        The collection that `indices` count in, such as "cifar10/train".
        """
    @property
    def split(self) -> str:
        """
        "held_out", "calibration", "test", ...
        """
    @property
    def top_classes(self) -> numpy.ndarray:
        """
        i32 (n, N, W), different ones by falling probability; the others share the rest evenly.
        """
    @property
    def weights(self) -> numpy.ndarray:
        """
        f32 (n, N), the multiplexer's weights (Eq. 6).
        """
class PolicyOptions:
    """
    What a policy trades, and how finely.
    """
    def __init__(self, *, cost_kind: str = 'macs', seed: typing.SupportsInt | typing.SupportsIndex = 0, model: typing.SupportsInt | typing.SupportsIndex = 0, max_models: typing.SupportsInt | typing.SupportsIndex = 3, bins: typing.SupportsInt | typing.SupportsIndex = 50, gate: typing.SupportsFloat | typing.SupportsIndex = 0.0, unsure: str = 'dearest') -> None:
        """
        Raises:
            ValueError: `unsure` is neither 'dearest' nor 'cheapest'.
        """
    @property
    def bins(self) -> int:
        """
        Thresholds tried per stage or knob, 2 to 200.
        """
    @property
    def cost_kind(self) -> str:
        """
        The cost that fitting trades against accuracy.
        """
    @property
    def gate(self) -> float:
        """
        `hybrid_single`, `knn`: unsure where the two best models' values are closer.
        """
    @property
    def max_models(self) -> int:
        """
        `cascade`: longest chain, 1 to 4.
        """
    @property
    def model(self) -> int:
        """
        `always`: which one.
        """
    @property
    def seed(self) -> int:
        """
        For policies that draw.
        """
class OperatingPoint:
    """
    One setting of a policy, with what it attained on the table it was chosen on; a policy that
    learns from that table says what it attains on inputs left out of the learning.
    """
    @property
    def accuracy(self) -> float:
        """
        Share of right answers, or mean quality.
        """
    @property
    def called_shares(self) -> list[float]:
        """
        (N), share of the inputs that each model is run on.
        """
    @property
    def cost(self) -> float:
        """
        Mean per input, of the policy's kind, router included.
        """
    @property
    def parameters(self) -> dict[str, float]:
        """
        By name.
        """
class Decisions:
    """
    What a policy did with every input of a table; all numbers follow from it.
    """
    @property
    def answers(self) -> list[int]:
        """
        (n), the class answered.
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run, and is paid for.
        """
class Abstention:
    """
    Which answers of a policy's chosen operating point a person should look at, and what is promised
    of the others.
    """
    @property
    def accuracy(self) -> float:
        """
        Among those.
        """
    @property
    def at_least(self) -> float:
        """
        Accuracy promised among the others.
        """
    @property
    def coverage(self) -> float:
        """
        Share of the calibration's inputs that is answered.
        """
    @property
    def delta(self) -> float:
        """
        Probability that it is less.
        """
    @property
    def groups(self) -> int:
        """
        Of the inputs; each its own where there are none: as many.
        """
    @property
    def inputs(self) -> int:
        """
        Of the calibration; each input its own group: alike.
        """
    @property
    def threshold(self) -> float:
        """
        Answers less sure than this (Rule::confidence()) abstain.
        """
class Rule:
    """
    One operating point of a policy, ready to decide: a machine that is asked for its next step
    until it answers. The same rule replays recorded outcomes and runs in service. Safe to share
    among threads.
    """
class Policy:
    """
    Turns what is known about an input into calls and an answer. A policy is a family over
    budgets: fit() finds its operating points, the Pareto front of accuracy against cost on
    held-out data, and chooses one of them; a point is parameters, and a Rule is a point at work.
    
    Default point: of the points that cost at most as much as the best single model, with the
    multiplexer's pass where the policy takes one, the cheapest that is not less accurate than the
    best of them by more than one standard error: that of the mean difference of the two over the
    held-out inputs (of their groups). The cheapest point when all cost more.
    
    New prices, or a pool without one of its models, need no new data: reprice() and without()
    choose again among all points that search() found worth keeping, by the loss of accuracy that
    was within the standard error before.
    
    Threads may read it at once. A call that changes it (fit, choose, reprice, without) is refused
    by BusyError while another thread is in it, and refuses others meanwhile; `reading` extends that
    to several calls, and to what they give by reference.
    
    To add a policy: derive, implement name(), search() and make_rule(), add it to policies().
    """
    @staticmethod
    def load(path: os.PathLike | str | bytes) -> Policy:
        """
        Read what save() wrote.
        
        Raises:
            OSError.
            ValueError: no policy.
        """
    def abstain(self, abstention: Abstention) -> None:
        """
        Leaves them to a person from now on. Raises ValueError for a threshold that is NaN.
        """
    def answer_probabilities(self, table: OutcomeTable) -> numpy.ndarray:
        """
        f32 (n, K), of the answers.
        
        Raises:
            ValueError.
        """
    def cheapest_as_good(self, accuracy: typing.SupportsFloat | typing.SupportsIndex) -> int | None:
        """
        Place among operating_points() of the cheapest as accurate as that; none where none is.
        """
    def choose(self, point: OperatingPoint) -> None:
        """
        Makes `point` the one that decide() uses.
        """
    def choose_for_budget(self, cost: typing.SupportsFloat | typing.SupportsIndex) -> None:
        """
        Chooses the most accurate point that costs at most `cost` per input on held-out data. Raises
        ValueError when even the cheapest costs more.
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
        Finds the operating points, on the inputs that every model answered. A policy that needs
        distributions learns them from answers alone where the table has none (AnswerCalibration), of
        each model from all inputs that it answered.
        Raises ValueError for a table whose split is "test", without labels and quality, or
        without what the policy looks at.
        """
    def reprice(self, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], multiplexer_cost: typing.SupportsFloat | typing.SupportsIndex | None = None) -> None:
        """
        Prices the models anew: a point's cost becomes sum_i (called share of i) cost_i +
        multiplexer_cost, the front is made anew, and the default point is chosen. Rules decide as
        they did. `costs`: (N), above 0; `multiplexer_cost`: of deciding itself, which is as it was
        when left out. Raises ValueError.
        """
    def rule(self) -> Rule:
        """
        At the chosen point, abstaining where the policy does.
        """
    def rule_at(self, point: OperatingPoint) -> Rule:
        """
        Another point.
        
        Raises:
            ValueError: it does not fit.
        """
    def save(self, path: os.PathLike | str | bytes) -> None:
        """
        All that fit() found, as JSON, written atomically: load_policy() gives a policy that decides
        alike and knows which inputs it has seen. Raises FileError, and ValueError for more
        than 2^20 classes without names.
        """
    def scores_beyond(self, table: OutcomeTable) -> list[float]:
        """
        (N), the share of each model's scores on a table of its models that lie beyond nearly all of
        those that it was fitted on, NaN where there are none; empty where it has learnt from none.
        """
    def unseen_rows(self, table: OutcomeTable) -> list[int]:
        """
        The rows of a table whose inputs it was not fitted on.
        """
    def within(self, cost: typing.SupportsFloat | typing.SupportsIndex) -> OperatingPoint | None:
        """
        What choose_for_budget() would choose; none where even the cheapest costs more. A cost that
        equals a point's own does not miss it by rounding.
        """
    def without(self, model: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Never calls `model` again: drops the points that may, and chooses as reprice() does. The model
        keeps its place in tables and pools. Raises ValueError when no point is left.
        """
    @property
    def abstention(self) -> Abstention | None:
        """
        Which answers of the chosen point are left to a person; none once another point is chosen.
        """
    @property
    def best_single(self) -> int:
        """
        The model most accurate on the inputs it was fitted on, the cheapest of equals, of those that
        may still be called.
        """
    @property
    def by_quality(self) -> bool:
        """
        Its accuracies are means of recorded quality.
        """
    @property
    def class_names(self) -> list[str]:
        """
        Names of the first of them; none where the table that it was fitted on had none.
        """
    @property
    def classes(self) -> int:
        """
        Number of classes of their answers.
        """
    @property
    def cost_kind(self) -> str:
        """
        The cost that fitting trades against accuracy.
        """
    @property
    def costs(self) -> list[float]:
        """
        (N), costs of the models when fitted, of the policy's kind.
        """
    @property
    def encoder(self) -> str:
        """
        The model that is called first, for every input, as the multiplexer looks at what it
        gives; empty: none.
        """
    @property
    def fitted_inputs(self) -> int:
        """
        How many inputs it was fitted on.
        """
    @property
    def fitting_part(self) -> str:
        """
        The part of recorded outcomes to fit it on: "calibration", from which the multiplexer has
        learnt nothing, where it looks at that ("offload-calibration" in the mobile/cloud case), else
        "held_out", the whole of it.
        """
    @property
    def inputs_digest(self) -> str:
        """
        Names the inputs it was fitted on, as OutcomeTable.inputs_digest does.
        """
    @property
    def models(self) -> list[str]:
        """
        Names of the models it was fitted for.
        """
    @property
    def multiplexer_cost(self) -> float:
        """
        What deciding itself costs now.
        """
    @property
    def name(self) -> str:
        """
        As the register calls it.
        """
    @property
    def operating_points(self) -> list[OperatingPoint]:
        """
        By rising cost. This and all below throw ValueError before fit().
        """
    @property
    def point(self) -> OperatingPoint:
        """
        The point that decide() uses.
        """
    @property
    def prices(self) -> list[float]:
        """
        (N), what the models cost now.
        """
    @property
    def uses_multiplexer(self) -> bool:
        """
        The multiplexer looks at every input, so that its cost is in every decision.
        """
    @property
    def version(self) -> str:
        """
        Names what it decides by: 64-bit FNV-1a, in hexadecimal, of the bytes that save() writes.
        """
class ReplayedRecord:
    """
    What a policy makes of what a record says that was known.
    """
    @property
    def answer(self) -> int:
        """
        The class.
        """
    @property
    def called(self) -> list[str]:
        """
        In order.
        """
    @property
    def same(self) -> bool:
        """
        As recorded.
        """
class Recorder:
    """
    Writes down why each input went where it went.
    
    A record is one line of JSON: `policy` and its `version`, and the `point`, where it is not the
    chosen one, as an index into the operating points; `input`, its number; `seen`, what the
    multiplexer said; `steps`, each with the models called or answered from and, under `why`, the
    comparison that decided it (Reason); `propensity`, the chance of these steps, where some were
    drawn; `called`, in order; `outputs`, the probabilities of those
    models; `answer`, a class, and its `probability`; where the policy abstains, the answer's
    `confidence`, and whether it is `abstained`, left to a person; `cost` by kind, the multiplexer's
    pass included; `alternatives`, for each model alone its cost and, where its output is known, its
    answer; where the label is known, who is right; `departure`, where service could not follow the
    rule: its `reason`, the models `wanted` and those `answered_from`. With the policy it replays to
    the same decision.
    """
    def __init__(self, policy: Policy, costs: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]], multiplexer_costs: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex], point: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        """
        Of the policy's chosen operating point, or of another.
        
        Raises:
            ValueError: no such point, or costs that do not fit.
        """
class DriftMonitor:
    """
    Watches whether inputs in service are still like those of the calibration.
    
    A conformal test martingale for each value watched. The p-value of the n-th value v,
    p = (#{larger} + U #{equal}) / #{all},   U uniform in [0, 1),
    counts over the calibration sample and all that was observed, v included, on a fixed grid of
    log-odds; while inputs are exchangeable the p-values are independent and uniform, whatever their
    distribution. The Simple Jumper bets against that: C_e = (1 - J) C_e + J / 3 S, then C_e *= 1 +
    e (p - 1/2), e in {-1, 0, 1}, S = sum C_e, from S = 1. By Ville's inequality P(S ever reaches
    k / alpha) <= alpha / k for each of the k values, so that a false alarm is raised with
    probability alpha at most, over any horizon. It holds exactly for a sample on which nothing else
    was chosen; an operating point chosen on the same one makes it approximate.
    Threads may call it at once; each input that one of them shows counts as the next.
    Source: Vovk et al., Retrain or not retrain, COPA 2021, arXiv 2102.10439.
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
        Takes the values of one more input; returns alarm(). Raises ValueError for other
        names than those of the calibration, or numbers outside [0, 1].
        """
    def save(self, path: os.PathLike | str | bytes) -> None:
        """
        All of its state as JSON, written atomically, and back. Raise FileError; load raises
        ValueError on what is no monitor.
        """
    @property
    def alarm(self) -> bool:
        """
        The evidence has reached 1 / alpha, now or before.
        """
    @property
    def alpha(self) -> float:
        """
        Probability of a false alarm, ever.
        """
    @property
    def calibrated_on(self) -> int:
        """
        Inputs of the calibration.
        """
    @property
    def cause(self) -> str:
        """
        Which value it is of.
        """
    @property
    def e_value(self) -> float:
        """
        The greatest evidence so far, max S / k; 1 / k before the first value.
        """
    @property
    def observed(self) -> int:
        """
        Inputs seen.
        """
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
        """
        By which it is chosen.
        """
    @property
    def needs(self) -> list[str]:
        """
        What it reads of an input beside the models' answers: "scores", "features", "offload_score", "label".
        """
    @property
    def reported(self) -> bool:
        """
        Among those that `muxnet run` fits and reports.
        """
    @property
    def title(self) -> str:
        """
        What it is, for people.
        """
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
        """
        Upper end.
        """
    @property
    def low(self) -> float:
        """
        Lower end.
        """
class Estimate:
    """
    A figure with its bootstrap interval.
    """
    @property
    def interval(self) -> Interval:
        """
        Of the value, at the level asked for.
        """
    @property
    def value(self) -> float:
        """
        Of the inputs as they are.
        """
class CostStatistics:
    """
    A cost per input: its mean, and its tail, which a chain of models has and a single call not.
    """
    @property
    def mean(self) -> Estimate:
        """
        Over the inputs.
        """
    @property
    def p99(self) -> float:
        """
        That 99 of 100 inputs do not exceed.
        """
    @property
    def worst(self) -> float:
        """
        Of all inputs.
        """
class FailurePrediction:
    """
    How well it is told in advance whether a model is right (worth at least half): AUROC of its own
    confidence, over the inputs where it gave one, which is known once it has run, and of the
    multiplexer's score (its weight where there are no scores); none where the table has none.
    """
    @property
    def confidence(self) -> float | None:
        """
        None: it gave none.
        """
    @property
    def multiplexer(self) -> float | None:
        """
        None: the table has none.
        """
class ClassStatistics:
    """
    What a policy does with the inputs of one class.
    """
    @property
    def accuracy(self) -> float:
        """
        0 when there are no inputs.
        """
    @property
    def inputs(self) -> int:
        """
        How many there are.
        """
class HardnessLevel:
    """
    What a policy does at each level of hardness.
    """
    @property
    def accuracy(self) -> float:
        """
        0 when there are no inputs.
        """
    @property
    def called_shares(self) -> list[float]:
        """
        (N).
        """
    @property
    def inputs(self) -> int:
        """
        How many there are.
        """
class Evaluation:
    """
    Accuracy, costs and calls of a policy.
    """
    @property
    def accuracy(self) -> Estimate:
        """
        Share of right answers, or mean quality.
        """
    @property
    def called_shares(self) -> list[float]:
        """
        (N).
        """
    @property
    def collapse(self) -> str:
        """
        collapse_text(), empty when there is none.
        """
    @property
    def costs(self) -> dict[str, CostStatistics]:
        """
        Per kind, the router's own cost included.
        """
    @property
    def groups(self) -> int:
        """
        Of the inputs; each its own where there are none: as many.
        """
    @property
    def inputs(self) -> int:
        """
        That it stands on; each input its own group: alike.
        """
    @property
    def models_per_input(self) -> float:
        """
        Mean number of models called.
        """
    @property
    def parameters(self) -> dict[str, float]:
        """
        Of the chosen point.
        """
    @property
    def policy(self) -> str:
        """
        Name of the policy.
        """
    @property
    def quality(self) -> list[float]:
        """
        (n), for paired comparisons.
        """
    @property
    def regret(self) -> Estimate:
        """
        Accuracy of the oracle, which calls the best model, less the policy's.
        """
class CurvePoint:
    """
    One point of an accuracy-cost curve.
    """
    @property
    def accuracy(self) -> float:
        """
        Share of right answers.
        """
    @property
    def cost(self) -> float:
        """
        Of the policy's kind, the router's own included.
        """
    @property
    def parameters(self) -> dict[str, float]:
        """
        Of the operating point.
        """
class Guarantee:
    """
    What a calibration found.
    """
    @property
    def groups(self) -> int:
        """
        Of the inputs; each its own where there are none: as many.
        """
    @property
    def inputs(self) -> int:
        """
        That it stands on; each input its own group: alike.
        """
    @property
    def inputs_needed(self) -> int:
        """
        Where nothing was certified: about so many labelled inputs would do, if these are typical; 0:
        no number would, as the policy's best point itself loses more.
        """
    @property
    def point(self) -> OperatingPoint | None:
        """
        The cheapest certified, numbers of the calibration.
        """
    @property
    def reference_cost(self) -> float:
        """
        Of the model it was held against.
        """
class Limit:
    """
    What an operating point may take at most.
    """
    class Statistic:
        """
        Members:
        
          mean_cost : 
        
          p99_cost : 
        
          call_share : 
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
class Abstaining:
    """
    What a calibration found.
    """
    @property
    def abstention(self) -> Abstention | None:
        """
        That answers most of those certified.
        """
    @property
    def accuracy(self) -> float:
        """
        Of all answers.
        """
    @property
    def groups(self) -> int:
        """
        Of the inputs; each its own where there are none: as many.
        """
    @property
    def inputs(self) -> int:
        """
        That it stands on; each input its own group: alike.
        """
    @property
    def inputs_needed(self) -> int:
        """
        Where nothing was certified: about so many labelled inputs would do, if these are typical; 0:
        no number would, as the surest answers are not right often enough either.
        """
class Answered:
    """
    What a policy that abstains answers of some inputs, and leaves no person to look at.
    """
    @property
    def accuracy(self) -> Estimate:
        """
        Among the answered; 0 where there are none.
        """
    @property
    def coverage(self) -> float:
        """
        Share of all inputs.
        """
    @property
    def groups(self) -> int:
        """
        Of the inputs; each its own where there are none: as many.
        """
    @property
    def inputs(self) -> int:
        """
        That are answered; each input its own group: alike.
        """
class KeptPromise:
    """
    What became of a promise over random divisions of recorded answers.
    """
    @property
    def broken(self) -> int:
        """
        Of these, where it loses more than promised on all inputs, which stand for what they were
        drawn from; and on those not calibrated on, whose own chance is in it.
        """
    @property
    def broken_elsewhere(self) -> int:
        """
        The same on the inputs not calibrated on.
        """
    @property
    def cost_share(self) -> float | None:
        """
        Mean cost of the certified points, as a share of the best single model's; none: none was.
        """
    @property
    def promised(self) -> int:
        """
        Divisions in which a point was certified.
        """
class KeptAbstention:
    """
    What became of such a promise over random divisions of recorded answers.
    """
    @property
    def broken(self) -> int:
        """
        Of these, where fewer are right than promised of all inputs answered, which stand for what
        they were drawn from; and of those not calibrated on, whose own chance is in it.
        """
    @property
    def broken_elsewhere(self) -> int:
        """
        The same on the inputs not calibrated on.
        """
    @property
    def coverage(self) -> float | None:
        """
        Mean share of all inputs that is answered; none: none was.
        """
    @property
    def promised(self) -> int:
        """
        Divisions in which a threshold was certified.
        """
class CrossValidated:
    """
    What a policy attains on inputs that it was not fitted on.
    """
    @property
    def cost(self) -> float:
        """
        Mean cost per input of the decisions.
        """
    @property
    def quality(self) -> list[float]:
        """
        (n), what the answer to each input of complete() is worth.
        """
class ReliabilityBin:
    """
    Inputs of about the same confidence.
    """
    @property
    def accuracy(self) -> float:
        """
        Share of right answers, or mean quality.
        """
    @property
    def confidence(self) -> float:
        """
        Mean over them.
        """
    @property
    def inputs(self) -> int:
        """
        How many there are.
        """
class Reliability:
    """
    How far confidences lie from what answers are worth.
    """
    @property
    def bins(self) -> list[ReliabilityBin]:
        """
        By rising confidence.
        """
    @property
    def chance(self) -> float:
        """
        What chance alone would make of it were every confidence c that of being right:
        sum_b (n_b / n) sqrt(2 c_b (1 - c_b) / (pi n_b)).
        """
    @property
    def error(self) -> float:
        """
        sum_b (n_b / n) |accuracy_b - confidence_b|.
        """
class ModelReliability:
    """
    Of one model; none where its confidence is no probability.
    """
    @property
    def calibrated(self) -> Reliability | None:
        """
        Of what was learnt from others; none: nothing was.
        """
    @property
    def given(self) -> Reliability | None:
        """
        Of its confidence as it gave it.
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
        Accuracy of the oracle, which calls a model that is right, less the policy's.
        """
    @property
    def reliability(self) -> list[ModelReliability]:
        """
        (N), calibrated where the policy learnt to.
        """
class ModelStudy:
    """
    One model alone.
    """
    @property
    def accuracy(self) -> Estimate:
        """
        Share of right answers, or mean quality.
        """
    @property
    def cost(self) -> float:
        """
        In the unit of its kind.
        """
    @property
    def name(self) -> str:
        """
        Of the model.
        """
    @property
    def only_right(self) -> float:
        """
        only_right() of it.
        """
class PolicyStudy:
    """
    A policy over budgets, which are shares of the best single model's cost.
    """
    @property
    def accuracy_at(self) -> dict[float, float | None]:
        """
        By budget, at the point chosen for it on the fitting part; none where all cost more.
        """
    @property
    def area(self) -> Estimate | None:
        """
        area_above() random mixing up to the best single model's cost; none where that is nothing.
        """
    @property
    def curve(self) -> list[tuple[float, float]]:
        """
        Pairs (cost, accuracy).
        """
    @property
    def name(self) -> str:
        """
        In the study.
        """
    @property
    def recovered(self) -> dict[float, float | None]:
        """
        How much of the best single model's lead comes back.
        """
class Choice:
    """
    An operating point chosen on the fitting part, against the best single model.
    """
    @property
    def accuracy(self) -> float:
        """
        Share of right answers.
        """
    @property
    def alone(self) -> int | None:
        """
        Place of the only model that it calls, where it is one.
        """
    @property
    def cost(self) -> float | None:
        """
        cost_share() of the best single model's.
        """
    @property
    def difference(self) -> Estimate:
        """
        Of accuracies, paired.
        """
    @property
    def multiplexed(self) -> Estimate:
        """
        The same against the best single model's answers as the policy takes them: where it has learnt
        that they are wrong more often than right, another. What is left is owed to other models.
        """
class Diversity:
    """
    How differently models err, in shares of the inputs. Of recorded quality a share is a mean: of
    what an answer lacks to 1 where it is wrong, of what it is worth more than another.
    """
    @property
    def all_wrong(self) -> float:
        """
        No model is right (1 - max_i q_i).
        """
    @property
    def disagreement(self) -> float:
        """
        Two models answer differently (|q_a - q_b|), the mean over pairs.
        """
    @property
    def double_fault(self) -> float:
        """
        Two models are both wrong (1 - max(q_a, q_b)), the same.
        """
    @property
    def oracle_gain(self) -> float:
        """
        Another model is right, the reference wrong (max_i q_i - q_ref).
        """
class LeftOut:
    """
    A policy that the table has nothing for to look at, and what that would be.
    """
    @property
    def policy(self) -> str:
        """
        Its name; what the table would need.
        """
    @property
    def want(self) -> str:
        """
        Its name; what the table would need.
        """
class Verdict:
    """
    Whether a policy is as good as the best single model for less, or better for as much.
    
    Members:
    
      pays : 
    
      pays_at_full_cost : 
    
      unclear : 
    
      does_not_pay : 
    """
    __members__: typing.ClassVar[dict[str, Verdict]]
    does_not_pay: typing.ClassVar[Verdict]
    pays: typing.ClassVar[Verdict]
    pays_at_full_cost: typing.ClassVar[Verdict]
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
    Does multiplexing pay for these models? Everything is fitted and chosen on one part of the
    inputs and evaluated on the other.
    """
    @property
    def best_single(self) -> int:
        """
        Its place among the models.
        """
    @property
    def cost_kind(self) -> str:
        """
        What costs are of.
        """
    @property
    def details(self) -> Details:
        """
        Of the policy at its default point.
        """
    @property
    def diversity(self) -> Diversity:
        """
        How differently the models err.
        """
    @property
    def gain(self) -> Choice | None:
        """
        Most accurate at the best single model's cost.
        """
    @property
    def left_out(self) -> list[LeftOut]:
        """
        Those that the table has nothing for.
        """
    @property
    def models(self) -> list[ModelStudy]:
        """
        Each alone.
        """
    @property
    def policies(self) -> list[PolicyStudy]:
        """
        Each over budgets.
        """
    @property
    def saving(self) -> Choice | None:
        """
        Cheapest with the best single model's accuracy.
        """
    @property
    def verdict(self) -> Verdict:
        """
        By saving and gain.
        """
class AnswerKind:
    """
    What a model's answers f32 (n, K) are.
    
    Members:
    
      probabilities : Each row sums to 1.
    
      logits : Their softmax does.
    
      scores : A probability of each label by itself, as of a sigmoid: over their sum it does.
    """
    __members__: typing.ClassVar[dict[str, AnswerKind]]
    logits: typing.ClassVar[AnswerKind]
    probabilities: typing.ClassVar[AnswerKind]
    scores: typing.ClassVar[AnswerKind]
    @typing.overload
    def __eq__(self, other: AnswerKind) -> bool:
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
    def __ne__(self, other: AnswerKind) -> bool:
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
class Classifier:
    """
    A model that answers a batch, whatever runs it. Threads may call it at once; those whose models
    cannot run side by side take turns.
    """
    def answer(self, images: numpy.ndarray) -> numpy.ndarray:
        """
        What the model gives, f32 (n, K), for images f32 (n, c, h, w), scaled as it wants them, or
        other inputs f32 (n, ...). Raises ValueError for inputs that it cannot take and
        answers of another shape, BusyError while another thread trains the model.
        """
    def answer_embedded(self, images: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        """
        The same with the embedding that it was opened to give, from one run. Raises
        ValueError too where it gives none.
        """
class HostedModel:
    """
    A model as pools and services answer with it, whatever runs it. Copies share what runs it.
    """
    @staticmethod
    def endpoint(name: str, options: RemoteModelOptions, *, cost: typing.SupportsFloat | typing.SupportsIndex, image_shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], classes: typing.SupportsInt | typing.SupportsIndex, normalization: Normalization, answers: AnswerKind = ..., places: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [], reversed: bool = False) -> HostedModel:
        """
        A model elsewhere, behind the Open Inference Protocol.
        
        Raises:
            ValueError: a description that is not whole.
        """
    @staticmethod
    def function(name: str, predict: collections.abc.Callable, *, cost: typing.SupportsFloat | typing.SupportsIndex, image_shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], classes: typing.SupportsInt | typing.SupportsIndex, normalization: Normalization, answers: AnswerKind = ..., places: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [], reversed: bool = False, concurrent: bool = False) -> HostedModel:
        """
        A function from images f32 (n, c, h, w) to answers (n, K); several threads
        call it at once only where it is concurrent.
        
        Raises:
            ValueError: a description that is not whole.
        """
    @staticmethod
    def network(name: str, model: Model, *, cost: typing.SupportsFloat | typing.SupportsIndex, image_shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], classes: typing.SupportsInt | typing.SupportsIndex, normalization: Normalization, answers: AnswerKind = ..., places: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [], reversed: bool = False) -> HostedModel:
        """
        A network of ours among models of others', at a cost of their kind.
        
        Raises:
            ValueError: a description that is not whole.
        """
    @staticmethod
    def onnx(name: str, path: os.PathLike | str | bytes, *, cost: typing.SupportsFloat | typing.SupportsIndex, image_shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], classes: typing.SupportsInt | typing.SupportsIndex, normalization: Normalization, answers: AnswerKind = ..., options: OnnxOptions = ..., places: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [], reversed: bool = False) -> HostedModel:
        """
        An ONNX file; read when it is put to work.
        
        Raises:
            ValueError: a description that is not whole.
        """
    def __init__(self, model: Model) -> None:
        """
        A network of ours: its cost are its MACs.
        """
    def for_images(self, images: ImageFormat) -> HostedModel:
        """
        The same one, for images that become these before it is shown them.
        """
    def reached_by(self, ask: collections.abc.Callable, options: RemoteModelOptions) -> HostedModel:
        """
        The same one, run by whoever ask reaches: it begins a RemoteCall, returns at once, and
        gives a function of no arguments that gives the call up.
        """
    @property
    def classes(self) -> int:
        """
        K.
        """
    @property
    def cost(self) -> float:
        """
        Of one image, as the policy counts it; networks of ours: MACs.
        """
    @property
    def images(self) -> ImageFormat | None:
        """
        What raw images of any size become before they are normalised; none: they come as it wants.
        """
    @property
    def name(self) -> str:
        """
        For policies and messages.
        """
    @property
    def normalization(self) -> Normalization:
        """
        Of its images: a value per channel; vectors are as they come.
        """
    @property
    def remote(self) -> RemoteModelOptions | None:
        """
        How it is asked where another process runs it; else None.
        """
    @property
    def shape(self) -> list[int]:
        """
        Of one input: (c, h, w) of images, (d,) of vectors.
        """
class RemoteCall:
    """
    A batch for a model that a function reaches, or the question whether it is there. One of
    answer(), here() and fail() tells what came of it, once and from any thread; what comes after
    that is dropped.
    """
    def answer(self, probabilities: numpy.ndarray) -> None:
        """
        The answers f32 (n, K) to the inputs. Raises ValueError for others, and where there
        are no inputs.
        """
    def fail(self, why: str, may_pass: bool) -> None:
        """
        There is no answer; `may_pass`: the same call may do better a moment later.
        """
    def here(self) -> None:
        """
        The model is there. Raises ValueError where there are inputs to answer.
        """
    @property
    def inputs(self) -> numpy.ndarray | None:
        """
        Inputs f32 (n, ...) as the model wants them; none: the question whether it is there.
        """
class ModelPool:
    """
    N models that answer the same question, ready to run. Threads may call it at once.
    """
    def __init__(self, models: collections.abc.Sequence[HostedModel]) -> None:
        """
        Raises ValueError: no models, one name twice, classes that differ; what opening a
        model raises.
        """
    def __len__(self) -> int:
        ...
    def probabilities(self, index: typing.SupportsInt | typing.SupportsIndex, images: numpy.ndarray) -> numpy.ndarray:
        """
        Class probabilities f32 (n, K) of one model for images f32 (n, c, h, w), normalised as it
        wants them.
        """
    @property
    def costs(self) -> list[float]:
        """
        (N), of one input.
        """
    @property
    def names(self) -> list[str]:
        """
        (N), in their order.
        """
class Multiplexer:
    """
    A trained multiplexer and how its scores become weights (Eq. 5 and 6).
    """
    def __init__(self, model: Model, objective: Objective = Objective.correctness, weights: WeightOptions = ..., *, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex] = [], kind: str = 'image', price: typing.SupportsFloat | typing.SupportsIndex | None = None) -> None:
        ...
    def at_price(self, price: typing.SupportsFloat | typing.SupportsIndex) -> Multiplexer:
        """
        The same one, of which a pass costs something else.
        """
    def for_encoder(self, model: str, output: str) -> Multiplexer:
        """
        The same one, which looks at that output.
        """
    def for_images(self, images: ImageFormat) -> Multiplexer:
        """
        The same one, for images that become these before it is shown them.
        """
    @property
    def cost(self) -> float:
        """
        Of one pass, in the unit of the models' costs.
        """
    @property
    def costs(self) -> list[float]:
        """
        (N), of the models: what weights trade; none for one that offloads.
        """
    @property
    def encoder(self) -> tuple[str, str] | None:
        """
        The model that it looks at, and which output; none: inputs.
        """
    @property
    def images(self) -> ImageFormat | None:
        """
        What raw images become before it is shown them, or what is told of them; none: as they are.
        """
    @property
    def kind(self) -> str:
        """
        What it is shown: of multiplexer_kinds().
        """
    @property
    def macs(self) -> int:
        """
        Multiply-accumulates for one input.
        """
    @property
    def model(self) -> Model:
        """
        The network.
        """
    @property
    def objective(self) -> Objective:
        """
        What it was trained for.
        """
    @property
    def offloads(self) -> bool:
        """
        Whether its network has the single output "offload": 0 = device, 1 = cloud.
        """
    @property
    def parameter_count(self) -> int:
        """
        Trainable parameters (buffers such as running statistics not counted, as torchvision counts).
        """
    @property
    def weights(self) -> WeightOptions:
        """
        How scores become weights.
        """
class MultiplexerView:
    """
    What is known of n inputs before a model runs, most of it by the multiplexer; tensors that do
    not apply are empty.
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
        """
        f32 (n), mobile/cloud multiplexer only.
        """
    @property
    def scores(self) -> numpy.ndarray:
        """
        f32 (n, N), logits of "model i is right"; correctness objective only.
        """
    @property
    def weights(self) -> numpy.ndarray:
        """
        f32 (n, N).
        """
class MultiplexerSource:
    """
    What a multiplexer is shown.
    
    Members:
    
      images : The images of the models.
    
      vectors : Numbers that come with each input.
    
      embeddings : Numbers that a model of the pool gives beside its answer.
    """
    __members__: typing.ClassVar[dict[str, MultiplexerSource]]
    embeddings: typing.ClassVar[MultiplexerSource]
    images: typing.ClassVar[MultiplexerSource]
    vectors: typing.ClassVar[MultiplexerSource]
    @typing.overload
    def __eq__(self, other: MultiplexerSource) -> bool:
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
    def __ne__(self, other: MultiplexerSource) -> bool:
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
class MultiplexerKind:
    """
    A kind of multiplexer: what it is shown, and what looks at that.
    """
    @property
    def body(self) -> MultiplexerBody:
        """
        What looks at that.
        """
    @property
    def name(self) -> str:
        """
        By which it is chosen.
        """
    @property
    def source(self) -> MultiplexerSource:
        """
        Where it comes from.
        """
    @property
    def title(self) -> str:
        """
        What it is shown, for people.
        """
class SavedMultiplexer:
    """
    A multiplexer as a router's folder keeps it.
    """
    def __init__(self, multiplexer: Multiplexer, *, network: MultiplexerOptions, models: collections.abc.Sequence[str], classes: typing.SupportsInt | typing.SupportsIndex, cost_kind: str, learnt_from: str) -> None:
        ...
    @property
    def classes(self) -> int:
        """
        Of these.
        """
    @property
    def cost_kind(self) -> str:
        """
        Of the models' costs and its own.
        """
    @property
    def learnt_from(self) -> str:
        """
        Which inputs: TableIdentity::digest().
        """
    @property
    def models(self) -> list[str]:
        """
        Whose answers it has learnt from.
        """
    @property
    def multiplexer(self) -> Multiplexer:
        """
        The network, and how its scores become weights.
        """
    @property
    def network(self) -> MultiplexerOptions:
        """
        That its model is built from, but for the body.
        """
class Routed:
    """
    What became of a batch, row by row.
    """
    @property
    def answers(self) -> list[int]:
        """
        (n).
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run.
        """
    @property
    def costs(self) -> list[float]:
        """
        (n), of the called models, the multiplexer and the rule.
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (n, K), of the answer.
        """
    @property
    def scores(self) -> numpy.ndarray:
        """
        f32 (n, N), logits of "model i is right"; correctness objective only.
        """
    @property
    def weights(self) -> numpy.ndarray:
        """
        f32 (n, N).
        """
class Router:
    """
    Algorithm 2: the multiplexer looks at each input, a rule decides which models to call, and each
    model runs once on all inputs that want it. Threads may call it at once, and run side by side
    where the models do.
    """
    def __init__(self, pool: ModelPool, multiplexer: Multiplexer, rule: Rule) -> None:
        """
        `multiplexer.model` may be empty for rules that do not look at it (cascades).
        """
    def route(self, images: numpy.ndarray, features: numpy.ndarray = ...) -> Routed:
        """
        Normalised images f32 (n, c, h, w), which the multiplexer is shown too and, for rules that
        look at them, features f32 (n, F). Raises ValueError on another shape, or when the
        rule needs a multiplexer or features and there are none.
        """
class CollectOptions:
    """
    What collect_outcomes records beside the answers.
    """
    def __init__(self, *, labels: numpy.ndarray = ..., features: numpy.ndarray = ..., costs: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]] = {}, multiplexer_costs: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex] = {}, split: str = '', source: str = '', indices: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = []) -> None:
        ...
    @property
    def costs(self) -> dict[str, list[float]]:
        """
        Beside "macs", which is counted.
        """
    @costs.setter
    def costs(self, arg0: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]]) -> None:
        ...
    @property
    def features(self) -> numpy.ndarray:
        """
        f32 (n, F), may be empty.
        """
    @features.setter
    def features(self, arg0: numpy.ndarray) -> None:
        ...
    @property
    def indices(self) -> list[int]:
        """
        (n), places in the source.
        """
    @indices.setter
    def indices(self, arg0: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    @property
    def labels(self) -> numpy.ndarray:
        """
        i32 (n), may be empty.
        """
    @labels.setter
    def labels(self, arg0: numpy.ndarray) -> None:
        ...
    @property
    def multiplexer_costs(self) -> dict[str, float]:
        """
        Beside "macs".
        """
    @multiplexer_costs.setter
    def multiplexer_costs(self, arg0: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def source(self) -> str:
        """
        Where the images are from.
        """
    @source.setter
    def source(self, arg0: str) -> None:
        ...
    @property
    def split(self) -> str:
        """
        Which part of the data the images are.
        """
    @split.setter
    def split(self, arg0: str) -> None:
        ...
class Latency:
    """
    Milliseconds of one inference pass.
    """
    def __init__(self, ms: typing.SupportsFloat | typing.SupportsIndex, typical_ms: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def ms(self) -> float:
        """
        Mean of the fastest tenth of turns: what the machine can do.
        """
    @property
    def typical_ms(self) -> float:
        """
        Median of all: more where others use the machine too.
        """
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
    def show(self, view: MultiplexerView) -> None:
        """
        Takes what the multiplexer says of all inputs, where that is known only after the models that
        are called first: before their answers are stored. Raises ValueError on another
        shape.
        """
    def store(self, model: typing.SupportsInt | typing.SupportsIndex, answers: numpy.ndarray) -> None:
        """
        Takes model's class probabilities f32 (wanted()[model].size(), K); when it was the last one
        wanted, the rule decides on. Raises ValueError on another shape.
        """
    @property
    def answers(self) -> list[int]:
        """
        (n), once done: the class answered.
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run.
        """
    @property
    def done(self) -> bool:
        """
        No input wants a model any more.
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (n, K), once done: of the answer.
        """
    @property
    def wanted(self) -> list[list[int]]:
        """
        (N), for each model the inputs that want it now.
        """
class ServiceStatus:
    """
    Members:
    
      ok : 
    
      full : A queue has no room: come back later.
    
      late : No answer is possible, or was, before the deadline.
    
      cost : No model costs as little as max_cost.
    
      closing : The service takes no more requests.
    
      failed : A model failed.
    
      stuck : A model has not come back from earlier images.
    
      unreachable : Models elsewhere gave no answer.
    """
    __members__: typing.ClassVar[dict[str, ServiceStatus]]
    closing: typing.ClassVar[ServiceStatus]
    cost: typing.ClassVar[ServiceStatus]
    failed: typing.ClassVar[ServiceStatus]
    full: typing.ClassVar[ServiceStatus]
    late: typing.ClassVar[ServiceStatus]
    ok: typing.ClassVar[ServiceStatus]
    stuck: typing.ClassVar[ServiceStatus]
    unreachable: typing.ClassVar[ServiceStatus]
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
    
      none : 
    
      deadline : 
    
      cost : 
    
      full : 
    
      stuck : 
    
      unreachable : 
    """
    __members__: typing.ClassVar[dict[str, Departure]]
    cost: typing.ClassVar[Departure]
    deadline: typing.ClassVar[Departure]
    full: typing.ClassVar[Departure]
    none: typing.ClassVar[Departure]
    stuck: typing.ClassVar[Departure]
    unreachable: typing.ClassVar[Departure]
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
    A batch of a model, or of the multiplexer, that ran on some of a request's images.
    """
    @property
    def batch(self) -> int:
        """
        Images of all requests.
        """
    @property
    def end_ms(self) -> float:
        """
        Since submit().
        """
    @property
    def images(self) -> int:
        """
        Of this request.
        """
    @property
    def stage(self) -> int:
        """
        0: the multiplexer, i + 1: model i.
        """
    @property
    def start_ms(self) -> float:
        """
        Since submit().
        """
class ServiceRequest:
    """
    Images for a service, and what their answers may cost.
    """
    def __init__(self, images: collections.abc.Sequence[numpy.ndarray], *, model: typing.SupportsInt | typing.SupportsIndex | None = None, point: typing.SupportsInt | typing.SupportsIndex | None = None, deadline_ms: typing.SupportsFloat | typing.SupportsIndex | None = None, max_cost: typing.SupportsFloat | typing.SupportsIndex | None = None, decide_only: bool = False) -> None:
        ...
class ServiceAnswer:
    """
    What became of a request, row by row; empty but for status and message unless `ok`.
    """
    @property
    def abstained(self) -> list[bool]:
        """
        (n), the same: the answer is left to a person.
        """
    @property
    def answered_from(self) -> list[int]:
        """
        (n), those that the answer is made of.
        """
    @property
    def answers(self) -> list[int]:
        """
        (n).
        """
    @property
    def called(self) -> list[int]:
        """
        (n), bit i: model i was run.
        """
    @property
    def calls(self) -> list[CallSpan]:
        """
        In order of their ends.
        """
    @property
    def confidences(self) -> list[float]:
        """
        (n), where the rule abstains: of the answers.
        """
    @property
    def costs(self) -> list[float]:
        """
        (n), of called models and multiplexer.
        """
    @property
    def departures(self) -> list[Departure]:
        """
        (n).
        """
    @property
    def first_input(self) -> int:
        """
        Number of the first image, counted since the service began.
        """
    @property
    def message(self) -> str:
        """
        Why there is none.
        """
    @property
    def probabilities(self) -> numpy.ndarray:
        """
        f32 (n, K); empty when only decided.
        """
    @property
    def records(self) -> list[str]:
        """
        (n) decisions as JSON, where the deployment records.
        """
    @property
    def retry_after_ms(self) -> float:
        """
        Of `full`: when the queue will have been worked off.
        """
    @property
    def scores(self) -> numpy.ndarray:
        """
        f32 (n, N), logits of "model i is right"; correctness objective only.
        """
    @property
    def shadow(self) -> list[int]:
        """
        (n), those that the shadow rule asks for.
        """
    @property
    def status(self) -> ServiceStatus:
        """
        Whether there is an answer.
        """
    @property
    def total_ms(self) -> float:
        """
        From submit() to the answer.
        """
    @property
    def version(self) -> int:
        """
        Of the deployment.
        """
    @property
    def wanted(self) -> list[int]:
        """
        (n), those that the rule asked for.
        """
    @property
    def weights(self) -> numpy.ndarray:
        """
        f32 (n, N).
        """
class Histogram:
    """
    Counts of times in buckets whose upper bounds, in ms, double from 0.0625.
    """
    bounds_ms: typing.ClassVar[list] = [0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0, 32768.0]
    def quantile_ms(self, quantile: typing.SupportsFloat | typing.SupportsIndex) -> float:
        """
        Upper bound of the bucket that holds the quantile; 0 when nothing was counted.
        """
    @property
    def buckets(self) -> typing.Annotated[list[int], "FixedSize(21)"]:
        """
        Counts, the last one above all bounds.
        """
    @property
    def count(self) -> int:
        """
        Of all times.
        """
    @property
    def sum_ms(self) -> float:
        """
        Of all times.
        """
class StageStatistics:
    """
    Of one model, or of the multiplexer's pass.
    """
    @property
    def batches(self) -> int:
        """
        That it ran.
        """
    @property
    def elsewhere(self) -> EndpointStatistics | None:
        """
        Of a model that another process runs.
        """
    @property
    def images(self) -> int:
        """
        That it ran on.
        """
    @property
    def name(self) -> str:
        """
        Of the model.
        """
    @property
    def run(self) -> Histogram:
        """
        Of batches, while they run.
        """
    @property
    def waiting(self) -> int:
        """
        Images in the queue now.
        """
class GearChange:
    """
    A change of the operating point that requests get which name none.
    """
    @property
    def backlog_ms(self) -> float:
        """
        That what waited needed to be worked off.
        """
    @property
    def busy(self) -> float:
        """
        Share of the workers' time, 0 to 1, since the gear before was chosen.
        """
    @property
    def from_point(self) -> int:
        """
        That was in use.
        """
    @property
    def to_point(self) -> int:
        """
        That is now.
        """
class GearState:
    """
    How a service chooses operating points by its load.
    """
    @property
    def changes(self) -> int:
        """
        Since the service began.
        """
    @property
    def last(self) -> GearChange | None:
        """
        The latest of them.
        """
    @property
    def point(self) -> int:
        """
        In use.
        """
class Gears:
    """
    Chooses among operating points by load, so that requests wait no longer than a given time: a
    cheaper one when a quarter of it waits, and the next where that does not halve in twice the
    time, or when half a second has shown that the workers are busy nine tenths of it, since what
    is refused before it waits is not seen; a dearer one when a second has shown that its work would
    fill the workers to less than four fifths. A dearer one that did not last is tried again after
    twice as long, at most a minute. Safe for one thread at a time.
    """
    def __init__(self, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], point: typing.SupportsInt | typing.SupportsIndex, target_ms: typing.SupportsFloat | typing.SupportsIndex, workers: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        `costs` of the points, `point` the dearest of them that is used, `target_ms` the time.
        """
    def observe(self, now_s: typing.SupportsFloat | typing.SupportsIndex, backlog_ms: typing.SupportsFloat | typing.SupportsIndex, work_ms: typing.SupportsFloat | typing.SupportsIndex) -> GearChange | None:
        """
        Takes a reading; the change, if there is one.
        """
    @property
    def points(self) -> list[int]:
        """
        The points that it chooses among, from the cheapest; the last is that of no load.
        """
    @property
    def state(self) -> GearState:
        """
        Now.
        """
class DriftReading:
    """
    What a drift monitor has to say.
    """
    @property
    def alarm(self) -> bool:
        """
        The inputs are no longer alike.
        """
    @property
    def alpha(self) -> float:
        """
        Probability of a false alarm, ever.
        """
    @property
    def cause(self) -> str:
        """
        The value that the evidence is of.
        """
    @property
    def e_value(self) -> float:
        """
        The greatest evidence so far.
        """
    @property
    def observed(self) -> int:
        """
        Inputs seen.
        """
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
        Workers that there should be.
        """
    @property
    def left(self) -> int:
        """
        Of those, the ones that are not stuck.
        """
    @property
    def stuck(self) -> list[StuckBatch]:
        """
        Oldest first.
        """
class ServiceStatistics:
    """
    All since the service began.
    """
    @property
    def called(self) -> list[int]:
        """
        Of those, by model: it was run on them.
        """
    @property
    def cost(self) -> float:
        """
        Spent on images answered by a rule.
        """
    @property
    def departures(self) -> dict[Departure, int]:
        """
        Images by why the rule's wish was not followed.
        """
    @property
    def drift(self) -> DriftReading | None:
        """
        Of the deployment in place, where it has a monitor.
        """
    @property
    def gears(self) -> GearState | None:
        """
        Where operating points are chosen by load.
        """
    @property
    def images(self) -> int:
        """
        Answered by a rule.
        """
    @property
    def reference_cost(self) -> float:
        """
        That always-best would have spent.
        """
    @property
    def requests(self) -> dict[ServiceStatus, int]:
        """
        By what became of them.
        """
    @property
    def shadow_agreed(self) -> int:
        """
        Images for which the shadow asks for the same models.
        """
    @property
    def shadow_images(self) -> int:
        """
        That the shadow rule saw.
        """
    @property
    def stages(self) -> list[StageStatistics]:
        """
        The multiplexer, then the models.
        """
    @property
    def total(self) -> Histogram:
        """
        Of requests, from submit() to the answer.
        """
    @property
    def version(self) -> int:
        """
        Of the deployment in place.
        """
    @property
    def workers(self) -> WorkersState:
        """
        Threads that run models.
        """
class Deployment:
    """
    All that a service answers with: replaced as a whole, never changed.
    """
    def __init__(self, models: collections.abc.Sequence[HostedModel], multiplexer: Multiplexer | None, rules: collections.abc.Sequence[Rule], *, point: typing.SupportsInt | typing.SupportsIndex = 0, shadow: Rule = None, reference: typing.SupportsInt | typing.SupportsIndex = 0, recorders: collections.abc.Sequence[Recorder] = [], monitor: DriftMonitor = None, shown: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [], point_costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex] = [], multiplexer_for_shadow: bool = False) -> None:
        ...
    @property
    def point_costs(self) -> list[float]:
        """
        Of each rule, what an input cost when it was fitted; none: load does not change the rule.
        """
class ServiceOptions:
    """
    How a service works.
    """
    def __init__(self, *, workers: typing.SupportsInt | typing.SupportsIndex = 1, threads_each: typing.SupportsInt | typing.SupportsIndex = 1, max_batch: typing.SupportsInt | typing.SupportsIndex = 32, queue_images: typing.SupportsInt | typing.SupportsIndex = 512, fill_ms: typing.SupportsFloat | typing.SupportsIndex = 0.0, cheaper_when_full: bool = False, warm_up: bool = True, warm_up_ms: typing.SupportsFloat | typing.SupportsIndex = 60000.0, deadline_ms: typing.SupportsFloat | typing.SupportsIndex = 60000.0, target_ms: typing.SupportsFloat | typing.SupportsIndex = 0.0, stuck_ms: typing.SupportsFloat | typing.SupportsIndex = 5000.0) -> None:
        ...
    @property
    def cheaper_when_full(self) -> bool:
        """
        Another model, instead of a refusal, where a queue is full.
        """
    @cheaper_when_full.setter
    def cheaper_when_full(self, arg0: bool) -> None:
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
        """
        Longest that images wait for more to run with.
        """
    @fill_ms.setter
    def fill_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def max_batch(self) -> int:
        """
        Images that a model runs on at once.
        """
    @max_batch.setter
    def max_batch(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def queue_images(self) -> int:
        """
        That may wait for one model; a request holds as many at most.
        """
    @queue_images.setter
    def queue_images(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def stuck_ms(self) -> float:
        """
        A batch that runs for longer, and 20 times as long as is usual, is
        stuck.
        """
    @stuck_ms.setter
    def stuck_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def target_ms(self) -> float:
        """
        Requests that name no operating point get a cheaper one under load, so that they wait no
        longer (Gears); 0: always that of the deployment.
        """
    @target_ms.setter
    def target_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def threads_each(self) -> int:
        """
        Of each worker's computations.
        """
    @threads_each.setter
    def threads_each(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def warm_up(self) -> bool:
        """
        Run every model once at every batch size before it serves.
        """
    @warm_up.setter
    def warm_up(self, arg0: bool) -> None:
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
        """
        Threads that run models.
        """
    @workers.setter
    def workers(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class Service:
    """
    Algorithm 2 for many requests at a time: images are queued for the multiplexer, and then for the
    models that the rule asks for, run in batches with those of other requests, and answered in
    order. Safe for any number of threads.
    
    Memory is bounded: a request that finds a queue full is refused. A request is answered by the
    deployment that was in place when it came. Models that cannot keep its deadline by what is
    queued and how long batches have taken are passed over; an answer says so. At the deadline it is
    answered by the models that have answered by then, as if no other could be called, or refused.
    
    A model that does not come back from a batch costs its worker, which another replaces (as many
    as there are, or eight, at a time), and is passed over until it comes back.
    
    Threads may call it at once; in a forked process, where its workers are not, every call raises
    RuntimeError.
    """
    def __init__(self, deployment: Deployment, options: ServiceOptions) -> None:
        """
        Raises:
            ValueError: what does not fit.
        """
    def close(self, within_ms: typing.SupportsFloat | typing.SupportsIndex = 3600000.0) -> bool:
        """
        Refuses what comes, answers what is there, for which every deadline is over after `within_ms`,
        and stops. Threads whose batch has not come back by then are left to themselves: false.
        """
    def deploy(self, deployment: Deployment) -> int:
        """
        Puts another deployment in place for requests to come, and returns its version, which counts
        from 1. Raises ValueError when its models are not of the same names and shapes,
        RuntimeError when one does not come back from its first images.
        """
    def infer(self, request: ServiceRequest) -> ServiceAnswer:
        """
        Waits for the answer.
        """
    def statistics(self) -> ServiceStatistics:
        """
        Of all since it began.
        """
    def workers(self) -> WorkersState:
        """
        Those at work, and those stuck.
        """
class AskedAnswer:
    """
    The answer to a request that came by Front::ask.
    """
    @property
    def body(self) -> bytes:
        """
        All of it.
        """
    @property
    def content_type(self) -> str:
        """
        Its header.
        """
    @property
    def headers(self) -> list[tuple[str, str]]:
        """
        Further ones.
        """
    @property
    def status(self) -> int:
        """
        Of HTTP.
        """
    @property
    def ticket(self) -> int:
        """
        Of the request.
        """
class AnsweredRequest:
    """
    A request that was answered, or refused, for records and traces.
    """
    @property
    def answer(self) -> ServiceAnswer:
        """
        Where there is one.
        """
    @property
    def began_ns(self) -> int:
        """
        Since 1970.
        """
    @property
    def ended_ns(self) -> int:
        """
        Since 1970.
        """
    @property
    def error(self) -> str:
        """
        Why it was refused; empty: it was answered.
        """
    @property
    def headers(self) -> list[tuple[str, str]]:
        """
        The caller's, of its trace.
        """
    @property
    def id(self) -> str:
        """
        The caller's.
        """
    @property
    def model(self) -> str:
        """
        Its name.
        """
    @property
    def policy(self) -> str:
        """
        That answered, or the model.
        """
    @property
    def routed(self) -> bool:
        """
        Asked of the router.
        """
    @property
    def submitted_ns(self) -> int:
        """
        Since 1970, to the service.
        """
class FrontOptions:
    """
    How a front serves.
    """
    def __init__(self, *, listens: bool = True, host: str = '127.0.0.1', http_port: typing.SupportsInt | typing.SupportsIndex = 0, grpc_port: typing.SupportsInt | typing.SupportsIndex = 0, version: str = '', token: str = '', certificate: str = '', key: str = '', allowed_hosts: collections.abc.Sequence[str] = [], body_bytes: typing.SupportsInt | typing.SupportsIndex = 67108864, held_bytes: typing.SupportsInt | typing.SupportsIndex = 536870912, head_seconds: typing.SupportsFloat | typing.SupportsIndex = 10.0, body_seconds: typing.SupportsFloat | typing.SupportsIndex = 30.0, requests: typing.SupportsInt | typing.SupportsIndex = 256, connections: typing.SupportsInt | typing.SupportsIndex = 4096, images: typing.SupportsInt | typing.SupportsIndex = 512, max_pixels: typing.SupportsInt | typing.SupportsIndex = 16000000) -> None:
        ...
    @property
    def allowed_hosts(self) -> list[str]:
        """
        Further names that the server goes by.
        """
    @allowed_hosts.setter
    def allowed_hosts(self, arg0: collections.abc.Sequence[str]) -> None:
        ...
    @property
    def body_bytes(self) -> int:
        """
        Of one request.
        """
    @body_bytes.setter
    def body_bytes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def body_seconds(self) -> float:
        """
        For its body.
        """
    @body_seconds.setter
    def body_seconds(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def certificate(self) -> str:
        """
        File of a chain, PEM; empty: no TLS.
        """
    @certificate.setter
    def certificate(self, arg0: str) -> None:
        ...
    @property
    def connections(self) -> int:
        """
        Of REST.
        """
    @connections.setter
    def connections(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def grpc_port(self) -> int:
        """
        Of gRPC; 0: any that is free.
        """
    @grpc_port.setter
    def grpc_port(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def head_seconds(self) -> float:
        """
        For a request's head to come.
        """
    @head_seconds.setter
    def head_seconds(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def held_bytes(self) -> int:
        """
        Of all bodies that are not answered yet.
        """
    @held_bytes.setter
    def held_bytes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def host(self) -> str:
        """
        Address that it is bound to.
        """
    @host.setter
    def host(self, arg0: str) -> None:
        ...
    @property
    def http_port(self) -> int:
        """
        Of REST; 0: any that is free.
        """
    @http_port.setter
    def http_port(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def images(self) -> int:
        """
        Of one request.
        """
    @images.setter
    def images(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def key(self) -> str:
        """
        File of its key, PEM.
        """
    @key.setter
    def key(self, arg0: str) -> None:
        ...
    @property
    def listens(self) -> bool:
        """
        False: requests come by ask() alone.
        """
    @listens.setter
    def listens(self, arg0: bool) -> None:
        ...
    @property
    def max_pixels(self) -> int:
        """
        Of an encoded image.
        """
    @max_pixels.setter
    def max_pixels(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def requests(self) -> int:
        """
        That are worked on at a time, by each protocol.
        """
    @requests.setter
    def requests(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def token(self) -> str:
        """
        That requests have to bear; empty: none.
        """
    @token.setter
    def token(self, arg0: str) -> None:
        ...
    @property
    def version(self) -> str:
        """
        Of this program, as it is told.
        """
    @version.setter
    def version(self, arg0: str) -> None:
        ...
class HttpLoad:
    """
    When requests are sent to a server of this machine: at given times, however long the answers
    take (open loop), or each as soon as one is answered (closed loop).
    """
    def __init__(self, *, port: typing.SupportsInt | typing.SupportsIndex = 0, due_s: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex] = [], seconds: typing.SupportsFloat | typing.SupportsIndex = 0.0, at_once: typing.SupportsInt | typing.SupportsIndex = 1, connections: typing.SupportsInt | typing.SupportsIndex = 2048, last_s: typing.SupportsFloat | typing.SupportsIndex = 30.0) -> None:
        ...
    @property
    def at_once(self) -> int:
        """
        Of a closed loop: requests that are on their way.
        """
    @at_once.setter
    def at_once(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def connections(self) -> int:
        """
        Most that are open; a request beyond waits for one.
        """
    @connections.setter
    def connections(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def due_s(self) -> list[float]:
        """
        Of an open loop: when each is due, rising, since the start.
        """
    @due_s.setter
    def due_s(self, arg0: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
        ...
    @property
    def last_s(self) -> float:
        """
        For the answers that are still out at the end.
        """
    @last_s.setter
    def last_s(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def port(self) -> int:
        """
        Of the server.
        """
    @port.setter
    def port(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def seconds(self) -> float:
        """
        Of a closed loop.
        """
    @seconds.setter
    def seconds(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class LoadTally:
    """
    What came of it, by requests in the order of their ends.
    """
    @property
    def body(self) -> list[bytes]:
        """
        Of the answer; the same.
        """
    @property
    def ended_s(self) -> list[float]:
        """
        Since the start.
        """
    @property
    def latency_ms(self) -> list[float]:
        """
        Since each was due, so that a late start counts.
        """
    @property
    def request(self) -> list[int]:
        """
        Which one it was; not of those at the end without answer.
        """
    @property
    def seconds(self) -> float:
        """
        In which requests were sent.
        """
    @property
    def status(self) -> list[int]:
        """
        Of HTTP; 0: no whole answer came.
        """
class ServerOptions:
    """
    How a server serves.
    """
    def __init__(self, *, front: FrontOptions = ..., service: ServiceOptions = ..., router: str = 'router', decisions: os.PathLike | str | bytes = '', drain_s: typing.SupportsFloat | typing.SupportsIndex = 30.0) -> None:
        ...
    @property
    def decisions(self) -> pathlib.Path:
        """
        File that decision records are appended to; empty: none.
        """
    @decisions.setter
    def decisions(self, arg0: os.PathLike | str | bytes) -> None:
        ...
    @property
    def drain_s(self) -> float:
        """
        To the end, whatever is stuck.
        """
    @drain_s.setter
    def drain_s(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def front(self) -> FrontOptions:
        """
        What it takes; what its owner answers is the server's.
        """
    @front.setter
    def front(self, arg0: FrontOptions) -> None:
        ...
    @property
    def router(self) -> str:
        """
        The router's name.
        """
    @router.setter
    def router(self, arg0: str) -> None:
        ...
    @property
    def service(self) -> ServiceOptions:
        """
        How it works.
        """
    @service.setter
    def service(self, arg0: ServiceOptions) -> None:
        ...
class Served:
    """
    What a server serves: models, the policy that routes among them, and what requests see of both.
    Threads may read it at once.
    """
    def __init__(self, models: collections.abc.Sequence[HostedModel], *, multiplexer: Multiplexer | None = None, policy: Policy, shadow: Policy = None, class_names: collections.abc.Sequence[str], formats: collections.abc.Sequence[ImageFormat | typing.SupportsInt | typing.SupportsIndex], shown: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], cost_kind: str, monitor: DriftMonitor = None, least_accuracy: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> None:
        """
        A format is that of images, or the length of vectors.
        """
    def deployment(self, *, record: bool) -> Deployment:
        """
        All of it for a service; the chosen operating point comes after all others. `record`: it makes
        decision records of what it answers.
        """
    def with_models(self, models: collections.abc.Sequence[HostedModel]) -> Served:
        """
        The same with other models of the same names.
        """
    @property
    def class_names(self) -> list[str]:
        """
        (K).
        """
    @property
    def formats(self) -> list[ImageFormat | int]:
        """
        Of what stages are shown, each once.
        """
    @property
    def models(self) -> list[HostedModel]:
        """
        In the order of the policy's.
        """
    @property
    def multiplexer(self) -> Multiplexer | None:
        """
        Where the policy or the shadow looks at one.
        """
    @property
    def names(self) -> list[str]:
        """
        The models' names.
        """
    @property
    def policy(self) -> Policy:
        """
        That routes.
        """
    @property
    def shown(self) -> list[int]:
        """
        Which of them the multiplexer and each model is shown.
        """
    @property
    def uses_multiplexer(self) -> bool:
        """
        Whether the policy or the shadow looks at a multiplexer.
        """
class StuckModel:
    """
    A model that holds up a worker.
    """
    @property
    def model(self) -> str:
        """
        Its name; "multiplexer".
        """
    @property
    def seconds(self) -> float:
        """
        That it holds it.
        """
    @property
    def since(self) -> float:
        """
        Since 1970.
        """
    @property
    def version(self) -> int:
        """
        Of the deployment.
        """
class Health:
    """
    Whether requests are taken, how many workers are left, and what is wrong besides.
    """
    @property
    def draining(self) -> bool:
        """
        It ends.
        """
    @property
    def failing(self) -> list[str]:
        """
        Tasks, and what else fails, in order.
        """
    @property
    def ready(self) -> bool:
        """
        All models have run, none is stuck, and it does not end.
        """
    @property
    def stuck(self) -> list[StuckModel]:
        """
        Oldest first.
        """
    @property
    def workers(self) -> int:
        """
        Threads that should run models.
        """
    @property
    def workers_left(self) -> int:
        """
        Of those, the ones that are not stuck.
        """
class MetricSample:
    """
    A value of a metric; its name is the family's, with an ending for some types.
    """
    @property
    def labels(self) -> list[tuple[str, str]]:
        """
        Names and values.
        """
    @property
    def name(self) -> str:
        """
        Of the sample.
        """
    @property
    def value(self) -> float:
        """
        Of the sample.
        """
class Metric:
    """
    A metric of Prometheus.
    """
    @property
    def help(self) -> str:
        """
        What it is.
        """
    @property
    def name(self) -> str:
        """
        With muxnet_ before it.
        """
    @property
    def samples(self) -> list[MetricSample]:
        """
        One for each set of labels, several of a histogram.
        """
    @property
    def type(self) -> str:
        """
        Counter, gauge or histogram.
        """
class Server:
    """
    A router and its models as an endpoint: a front before a service, and what is done beside
    requests. What is served is read again when its files change; decisions are recorded; status,
    metrics, labels and a page are answered; drift, stuck workers, and operating points that load
    has chosen are told in a log. Safe for any number of threads.
    """
    def __init__(self, options: ServerOptions, *, read: collections.abc.Callable, files: collections.abc.Callable, answered: typing.Any = None, asked: typing.Any = None) -> None:
        """
        ``read`` gives what is served, for a reload, ``files`` those whose change means
        something new; ``answered`` is told of each request with the models' names, ``asked`` of the
        answer to one that came by ask().
        
        Raises:
            OSError: an address that is taken, or a file that cannot be opened.
        """
    def ask(self, method: str, path: str, headers: collections.abc.Sequence[tuple[str, str]], body: bytes) -> int:
        """
        As Front::ask(); the answer is told to the listener.
        """
    def drain(self) -> bool:
        """
        Takes no more, answers what is there, and stops, all of it within the time to end. False: some
        thread does not come back.
        """
    def health(self) -> Health:
        """
        Whether requests are taken, and what is wrong.
        """
    def metrics(self) -> list[Metric]:
        """
        What GET /metrics answers.
        """
    def open(self, served: Served) -> None:
        """
        Runs every model once, and answers from now on. Raises ValueError for what does not
        fit, RuntimeError for a model that does not come back.
        """
    def serve_until_told(self) -> bool:
        """
        Serves until SIGTERM or SIGINT, then drains; SIGHUP reads the source anew. A second signal ends
        the process at once, and so does the time to end. What drain() gives.
        """
    @property
    def http_port(self) -> int:
        """
        That it listens on; 0: it does not.
        """
class OffloadObjective:
    """
    What the user wants. The multiplexer's score says what the cloud's answer promises in accuracy;
    an input is sent when
    score >= threshold + per_ms (t_cloud - t_local) + per_mj (e_cloud - e_local),
    that is, when the promise is worth the time and the device's energy beyond the local answer's.
    """
    def __init__(self, *, threshold: typing.SupportsFloat | typing.SupportsIndex = 0.5, per_ms: typing.SupportsFloat | typing.SupportsIndex = 0.0, per_mj: typing.SupportsFloat | typing.SupportsIndex = 0.0, max_latency_ms: typing.SupportsFloat | typing.SupportsIndex | None = None, max_energy_mj: typing.SupportsFloat | typing.SupportsIndex | None = None) -> None:
        ...
    @property
    def max_energy_mj(self) -> float | None:
        """
        Of the device, for one answer.
        """
    @max_energy_mj.setter
    def max_energy_mj(self, arg0: typing.SupportsFloat | typing.SupportsIndex | None) -> None:
        ...
    @property
    def max_latency_ms(self) -> float | None:
        """
        Of one answer.
        """
    @max_latency_ms.setter
    def max_latency_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex | None) -> None:
        ...
    @property
    def per_mj(self) -> float:
        """
        Of the score that a millijoule is worth.
        """
    @per_mj.setter
    def per_mj(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def per_ms(self) -> float:
        """
        Of the score that a millisecond is worth.
        """
    @per_ms.setter
    def per_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def threshold(self) -> float:
        """
        The paper's; what must be promised even where sending is free.
        """
    @threshold.setter
    def threshold(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
class OffloadOptions:
    """
    How an OffloadClient works.
    """
    def __init__(self, *, endpoint: EndpointOptions = ..., cloud: HostedModel | None = None, objective: OffloadObjective = ..., retry: RetryOptions = ..., breaker: BreakerOptions = ..., link: LinkProfile = ..., multiplexer_cost: Cost = ..., small: Cost = ..., deadline_ms: typing.SupportsFloat | typing.SupportsIndex = 1000.0, margin_ms: typing.SupportsFloat | typing.SupportsIndex = 2.0, request_timeout_ms: typing.SupportsFloat | typing.SupportsIndex = 10000.0, probe_timeout_ms: typing.SupportsFloat | typing.SupportsIndex = 2000.0, refresh_ms: typing.SupportsFloat | typing.SupportsIndex = 10000.0, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        ...
    @property
    def breaker(self) -> BreakerOptions:
        """
        When the server is left alone.
        """
    @breaker.setter
    def breaker(self, arg0: BreakerOptions) -> None:
        ...
    @property
    def cloud(self) -> HostedModel | None:
        """
        How that is shown images, and its classes; none: as the small model.
        """
    @cloud.setter
    def cloud(self, arg0: HostedModel | None) -> None:
        ...
    @property
    def deadline_ms(self) -> float:
        """
        Of an answer, from the call.
        """
    @deadline_ms.setter
    def deadline_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def endpoint(self) -> EndpointOptions:
        """
        The model in the cloud.
        """
    @endpoint.setter
    def endpoint(self, arg0: EndpointOptions) -> None:
        ...
    @property
    def link(self) -> LinkProfile:
        """
        Rates to begin with, and the radio's powers; either may be unknown.
        """
    @link.setter
    def link(self, arg0: LinkProfile) -> None:
        ...
    @property
    def margin_ms(self) -> float:
        """
        Kept free before it, for what the clock cannot see.
        """
    @margin_ms.setter
    def margin_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def multiplexer_cost(self) -> Cost:
        """
        The multiplexer's energy on this device, where known.
        """
    @multiplexer_cost.setter
    def multiplexer_cost(self, arg0: Cost) -> None:
        ...
    @property
    def objective(self) -> OffloadObjective:
        """
        What the user wants.
        """
    @objective.setter
    def objective(self, arg0: OffloadObjective) -> None:
        ...
    @property
    def probe_timeout_ms(self) -> float:
        """
        Longest wait for a measurement of the round trip.
        """
    @probe_timeout_ms.setter
    def probe_timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def refresh_ms(self) -> float:
        """
        After so long without an exchange, a slow link is tried again.
        """
    @refresh_ms.setter
    def refresh_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def request_timeout_ms(self) -> float:
        """
        Of one request, where the deadline leaves more.
        """
    @request_timeout_ms.setter
    def request_timeout_ms(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def retry(self) -> RetryOptions:
        """
        Further attempts.
        """
    @retry.setter
    def retry(self, arg0: RetryOptions) -> None:
        ...
    @property
    def seed(self) -> int:
        """
        Of the jitter.
        """
    @seed.setter
    def seed(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def small(self) -> Cost:
        """
        The small model's.
        """
    @small.setter
    def small(self, arg0: Cost) -> None:
        ...
class OffloadAccount:
    """
    What became of all inputs so far: each is in exactly one of `by_reason`.
    """
    @property
    def answers(self) -> int:
        """
        All inputs.
        """
    @property
    def by_reason(self) -> dict[str, int]:
        """
        Inputs by reason.
        """
    @property
    def fell_back(self) -> int:
        """
        Inputs sent, and answered here.
        """
    @property
    def hedged(self) -> int:
        """
        The local model had begun when the cloud's answer came in time.
        """
    @property
    def late(self) -> int:
        """
        Answered after their deadline.
        """
    @property
    def local(self) -> int:
        """
        Inputs that were not sent.
        """
    @property
    def offloaded(self) -> int:
        """
        Inputs that the cloud answered.
        """
    @property
    def probes(self) -> int:
        """
        Measurements of the round trip.
        """
    @property
    def received_bytes(self) -> float:
        """
        Responses, headers included.
        """
    @property
    def retries(self) -> int:
        """
        Attempts after the first.
        """
    @property
    def sent_bytes(self) -> float:
        """
        Requests, headers included (counted).
        """
    @property
    def worst_lateness_ms(self) -> float:
        """
        Of those, by how much.
        """
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
        """
        Requests sent.
        """
    @property
    def detail(self) -> str:
        """
        Why the cloud did not answer, in words.
        """
    @property
    def energy_mj(self) -> Quantity:
        """
        Of the device: multiplexer, small model, a whole exchange for every attempt.
        """
    @property
    def latency_ms(self) -> float:
        """
        From call to answer.
        """
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
        """
        Why it came from there.
        """
    @property
    def received_bytes(self) -> float:
        """
        Responses, headers included.
        """
    @property
    def route(self) -> str:
        """
        local, offloaded or fell_back.
        """
    @property
    def score(self) -> float | None:
        """
        None where nobody decided.
        """
    @property
    def sent_bytes(self) -> float:
        """
        Requests, headers included.
        """
    @property
    def server_ms(self) -> float | None:
        """
        The server says that it took.
        """
class OffloadClient:
    """
    Mobile-cloud collaboration in service (the paper's Figure 2 c): the multiplexer and the small
    model run here, hard inputs go to an Open Inference Protocol endpoint, and every input is
    answered before its deadline: where the cloud's answer is not there, the small model starts
    `margin_ms` and its own time (mean + 4 deviations) before. With a dead link nothing is sent and
    the multiplexer is not asked; the link is probed beside the local answers, without waiting.
    Threads may call it at once: each exchange has a connection of its own, as many as there were
    exchanges at once, and the small model's time is kept free for every call under way. In a forked
    process every call raises RuntimeError.
    """
    def __init__(self, multiplexer: Multiplexer, small: HostedModel, server: ConnectionOptions, options: OffloadOptions) -> None:
        """
        `multiplexer`: one with the output offload; `small`: a model that this process runs. A Model stands for either.
        
        Raises:
            ValueError: options or models that do not fit.
            FileError: a file of the small model cannot be read.
            RuntimeError: built without libcurl, or gRPC, where the URL needs it.
        """
    def answer(self, image: numpy.ndarray, deadline_ms: typing.SupportsFloat | typing.SupportsIndex | None = None, placement: str = 'decide', features: numpy.ndarray = ...) -> OffloadAnswer:
        """
        Answer an image u8 or f32 (1, c, h, w) before its deadline, whatever the network does; of any size
        where the models say what becomes of it. `placement`: decide, device (it does not leave the device) or
        cloud; `features` f32 (1, d): for a multiplexer that looks at vectors.
        
        Raises:
            ValueError: an input that does not fit.
        """
    def connect(self, timeout_ms: typing.SupportsFloat | typing.SupportsIndex = 2000.0) -> str:
        """
        Reads what the server says of its model and measures the round trip, waiting for it; not
        needed: answer() does the same aside. Empty, or why the endpoint cannot be used now.
        """
    def score(self, image: numpy.ndarray, features: numpy.ndarray = ...) -> float:
        """
        What the multiplexer says of an input, in [0, 1]: 0 = device, 1 = cloud. Raises
        ValueError for one that it cannot be shown.
        """
    @property
    def account(self) -> OffloadAccount:
        """
        Of all inputs so far.
        """
    @property
    def link(self) -> LinkProfile:
        """
        As measured so far.
        """
    @property
    def local_ms(self) -> float:
        """
        Mean time of the small model, measured.
        """
    @property
    def multiplexer_ms(self) -> float:
        """
        Mean time of the multiplexer, measured.
        """
    @property
    def payload(self) -> str:
        """
        As what images are sent; empty until that is known.
        """
    @property
    def server_ms(self) -> Quantity:
        """
        The server took, as measured so far.
        """
    @property
    def state(self) -> str:
        """
        Of the circuit breaker.
        """
def accuracy_cost_curve(policy: Policy, table: OutcomeTable) -> list[CurvePoint]:
    """
    A policy's family over budgets.
    """
def area_above(policy: Policy, baseline: Policy, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0, *, up_to: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> Estimate | None:
    """
    area_between() a policy and a baseline, such as random mixing, fitted on the same table; none
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
    Area under the ROC curve: the probability that a positive scores above a negative, ties half.
    None where one of the two is missing. Raises ValueError when the lengths differ.
    """
def bootstrap_difference(a: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], b: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], seed: typing.SupportsInt | typing.SupportsIndex = 0, *, groups: numpy.ndarray = ...) -> Estimate:
    """
    Mean of a - b over the same inputs with its paired interval.
    """
def bootstrap_mean(values: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], seed: typing.SupportsInt | typing.SupportsIndex = 0, *, groups: numpy.ndarray = ...) -> Estimate:
    """
    Mean of `values` with its interval.
    """
def bootstrap_replicates(columns: collections.abc.Sequence[collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]], seed: typing.SupportsInt | typing.SupportsIndex = 0, *, groups: numpy.ndarray = ...) -> Estimate:
    """
    The same of a mean: columns of values, a replicate each, over the same inputs.
    """
def build_network(name: str, options: NetworkOptions) -> Graph:
    """
    A network of the zoo as a graph.
    
    Raises:
        ValueError: unknown name, images too small for it.
    """
def certify(policy: Policy, calibration: OutcomeTable, drop: typing.SupportsFloat | typing.SupportsIndex = 0.005, delta: typing.SupportsFloat | typing.SupportsIndex = 0.05, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Guarantee:
    """
    The cheapest operating point that loses at most `drop` against policy.best_single(), true with
    probability 1 - delta over the draw of `calibration`: its points are tested from the dearest one
    down, each at level delta, until one fails. Of groups, accuracy is that of the inputs in them,
    and the bets are on whole groups (group_values()). Raises ValueError for inputs that
    the policy has seen, or options out of range. Source: Angelopoulos et al., Learn then Test,
    arXiv 2110.01052.
    """
def check_pixels(images: numpy.ndarray, where: str) -> None:
    """
    Raises ValueError unless images are as models are shown them: u8, or f32, finite and
    in [0, 1] but for half a step of a byte, which rounding may leave. What a resizing filter leaves
    beyond is for its user to clip.
    """
def choose_within(policy: Policy, calibration: OutcomeTable, limits: collections.abc.Sequence[Limit]) -> OperatingPoint:
    """
    The most accurate operating point that keeps every limit on a table of inputs that the policy
    was not fitted on, the cheapest of equals; its numbers are those of the table. Raises
    ValueError for a limit that no point keeps, saying what would do, for limits that
    none keeps together, for an unknown kind or model, and for inputs that the policy has seen.
    """
def class_count(tensors: collections.abc.Sequence[tuple[str, collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]]]) -> int:
    """
    The rows of the last matrix, the classes of a network that ends in a linear layer. Raises
    ValueError where there is none.
    """
def class_statistics(table: OutcomeTable, decisions: Decisions) -> list[ClassStatistics]:
    """
    (K), what the decisions do with each class.
    """
def cloud_only(upload: Cost, cloud: Cost, download: Cost) -> Cost:
    """
    Eq. 10: C = C_upload + C_cloud-compute + C_download.
    """
def collapsed_model(called_shares: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> int | None:
    """
    The model that answers (nearly) everything: called alone for more than 99 % of the inputs.
    """
def collect_outcomes(pool: ModelPool, images: numpy.ndarray, multiplexer: Multiplexer | None, options: CollectOptions) -> OutcomeTable:
    """
    Runs every model of the pool, and the multiplexer where given, over normalised images f32
    (n, c, h, w): all that policies need to be fitted, compared and replayed without a network.
    """
def connections_within_descriptors() -> int:
    """
    How many connections REST may have of the descriptors that are free, after the system was asked
    for as many as it gives.
    """
def contrastive(embeddings: collections.abc.Sequence[numpy.ndarray], correct: numpy.ndarray, options: ContrastiveOptions = ...) -> tuple[float, list[numpy.ndarray]]:
    """
    The contrastive loss: models that are right on an input are drawn together there, a right and a
    wrong one pushed apart; two wrong ones are left alone.
    
    `bounded`: L = mean over both-right pairs of log(eps + d) - mean over one-right pairs of the
    same, d = (1 - cos(e_i, e_j)) / 2. The two kinds are balanced because most pairs are both-right,
    and their unbalanced sum is smallest where all embeddings are one constant vector. `paper`: L =
    1/B sum_b sum_{i != j} sign_bij log clamp(d, eps, 1), sign +1 for both right, -1 for one right,
    d = (1 - q) / 2 with q = e_i'e_j / (e_i'e_i e_j'e_j); no gradient where d is clamped.
    
    embeddings: N tensors (B, D) of f32 or f64, unit rows expected (the two d agree for them; a row
    of zeros counts as orthogonal to all). correct: u8 (B, N), 1 where the model is right. A kind
    without pairs adds nothing. Raises ValueError on other shapes, dtypes or eps. Source:
    arXiv 2001.05870v2, Eq. 2 and 3.
    """
def count_kept(policy: Policy, table: OutcomeTable, *, drop: typing.SupportsFloat | typing.SupportsIndex = 0.005, delta: typing.SupportsFloat | typing.SupportsIndex = 0.05, divisions: typing.SupportsInt | typing.SupportsIndex = 1000, fraction: typing.SupportsFloat | typing.SupportsIndex = 0.5, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> KeptPromise:
    """
    Certifies a fitted policy on random parts of `table` and counts promises that were broken.
    Raises ValueError as certify() does, and where a part would be empty.
    """
def count_kept_abstentions(policy: Policy, table: OutcomeTable, *, at_least: typing.SupportsFloat | typing.SupportsIndex = 0.95, delta: typing.SupportsFloat | typing.SupportsIndex = 0.1, divisions: typing.SupportsInt | typing.SupportsIndex = 1000, fraction: typing.SupportsFloat | typing.SupportsIndex = 0.5, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> KeptAbstention:
    """
    Finds thresholds on random parts of `table` and counts promises that were broken. Raises
    ValueError as find_abstention() does, and where a part would be empty.
    """
def cross_entropy(logits: numpy.ndarray, labels: numpy.ndarray, label_smoothing: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> tuple[float, numpy.ndarray]:
    """
    Mean cross-entropy of softmax(logits), with its gradient for the logits.
    
    L = -1/B sum_b sum_k t_bk log softmax(x_b)_k, t_b = (1 - s) onehot(label_b) + s / K.
    logits: (B, K) f32 or f64; labels: i32 (B) in [0, K); s = label_smoothing in [0, 1].
    Raises ValueError on anything else.
    Source: label smoothing of Szegedy et al., arXiv 1512.00567.
    """
def cross_fitted(table: OutcomeTable) -> OutcomeTable:
    """
    `table` with distributions that are learnt from its own answers and scores, each row's by what
    was learnt without it (five folds).
    """
def cross_validate(policy: Policy, table: OutcomeTable, budgets: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex | None], *, folds: typing.SupportsInt | typing.SupportsIndex = 5, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> list[CrossValidated]:
    """
    The way in which `policy` was fitted and its point chosen, cross-validated: every input that all
    models answered is decided by a policy of the same name and options that was fitted on the other
    parts of the table, at the point that it chooses. What operating points attain on the inputs
    that they were chosen on is too good, as they are the best of many; this is a little too poor,
    as each policy has seen fewer inputs. One result for each of `budgets`, in the policy's kind of
    cost: the most accurate point within it, the cheapest where none is; none: the default point.
    Parts keep groups together. Raises ValueError as draw_folds() and a policy's fit()
    do.
    """
def data_kinds() -> list[DataKind]:
    """
    All kinds of data set that "KIND:PATH" may name.
    """
def decode_images(contents: collections.abc.Sequence[bytes], formats: collections.abc.Sequence[ImageFormat], max_pixels: typing.SupportsInt | typing.SupportsIndex = 64000000) -> tuple[list[numpy.ndarray], list[str]]:
    """
    The same of the contents of image files, called "image 0" and so on in errors.
    """
def describe_contrastive_collapse(both_right_distance: typing.SupportsFloat | typing.SupportsIndex, one_right_distance: typing.SupportsFloat | typing.SupportsIndex) -> str:
    """
    A sentence when the contrastive loss no longer tells the two kinds of pairs of models apart,
    i.e. when their mean distances are less than `gap` apart; empty otherwise.
    """
def describe_onnx(path: os.PathLike | str | bytes) -> OnnxDescription:
    """
    Reads an ONNX file as far as it describes itself, and checks that all its weights are there.
    Raises FileError for a file that cannot be read, ValueError for what is no ONNX
    model, weights that are missing, shorter than their shape or outside the model's folder.
    """
def digest(array: numpy.ndarray) -> str:
    """
    A number over shape, dtype and every byte, as hexadecimal digits.
    """
def digest_file(path: os.PathLike | str | bytes) -> str:
    """
    The same of a file's bytes, read in pieces. Raises FileError, also on what is no plain file.
    """
def distil_to(logits: collections.abc.Sequence[numpy.ndarray], targets: numpy.ndarray, temperature: typing.SupportsFloat | typing.SupportsIndex) -> tuple[float, list[numpy.ndarray]]:
    """
    The divergence of each model from `targets`, summed over the models, and its gradient:
    L = T^2 / B sum_i sum_b KL(p_b || softmax(x_bi / T)).
    
    targets: (B, K), a constant, of the logits' dtype; T^2 keeps the gradient's size when T changes.
    Raises ValueError on anything else.
    Source: Hinton et al., arXiv 1503.02531.
    """
def distillation(meta: numpy.ndarray, embeddings: collections.abc.Sequence[numpy.ndarray]) -> tuple[float, numpy.ndarray]:
    """
    The multiplexer's distance to what the models see, with its gradient for the meta-features.
    
    L = 1/B sum_b sum_i d(m_bi, e_bi), d = (1 - cos) / 2 in [0, 1]. A row of zeros counts as
    orthogonal to all, without gradient. meta: (B, N, D), one meta-feature per model, or (B, D), one
    shared by all; f32 or f64. embeddings: N tensors (B, D) of the same dtype, taken as constants.
    Raises ValueError on anything else.
    Source: arXiv 2001.05870v2, Eq. 8.
    """
def divide(table: OutcomeTable, fraction: typing.SupportsFloat | typing.SupportsIndex = 0.5, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple[OutcomeTable, OutcomeTable]:
    """
    A table's inputs in two random parts, "held_out" with `fraction` of its groups and "test".
    Raises ValueError where a part would be empty.
    """
def draw_folds(table: OutcomeTable, folds: typing.SupportsInt | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> list[int]:
    """
    For each input the place, 0 .. folds-1, of the random part that its group falls in; parts differ
    by one group at most. Raises ValueError for fewer than 2 folds or groups.
    """
def draw_parts(n: typing.SupportsInt | typing.SupportsIndex, fraction: typing.SupportsFloat | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple[list[int], list[int]]:
    """
    Draws round(fraction groups) of the groups as the first part. Raises ValueError where
    a part would be empty.
    """
def encode_image(image: numpy.ndarray, format: str, quality: typing.SupportsInt | typing.SupportsIndex = 90) -> bytes:
    """
    One image u8 (1, c, h, w), c = 1 or 3, as a file of a payload that is one, a "jpeg" of `quality`
    (1 to 100). Raises ValueError on anything else.
    """
def encoded_bytes(images: numpy.ndarray, format: str, quality: typing.SupportsInt | typing.SupportsIndex = 90) -> list[int]:
    """
    Bytes that each image takes when it is sent as one of image_payloads(), "jpeg" at `quality`
    (1 to 100). images: u8 (n, c, h, w), c = 1 or 3. Raises ValueError on anything else.
    """
def end_within(within_ms: typing.SupportsFloat | typing.SupportsIndex) -> None:
    """
    From here on the process ends `within_ms` after the first SIGTERM or SIGINT, with status 1, and
    at once at the second, by that signal, whatever its threads do or hold. What handled the signals
    before still does, and mostly is faster. Once a process; raises ValueError below 0.
    """
@typing.overload
def evaluate(policy: Policy, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Evaluation:
    """
    Accuracy, costs and calls of a fitted policy at its chosen point. Raises ValueError
    when the table shares inputs with the one it was fitted on, unless allowed.
    """
@typing.overload
def evaluate(policy: Policy, point: OperatingPoint, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Evaluation:
    """
    Accuracy, costs and calls of a fitted policy at its chosen point. Raises ValueError
    when the table shares inputs with the one it was fitted on, unless allowed.
    """
def evaluate_answered(policy: Policy, table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Answered | None:
    """
    None for a policy that does not abstain. Raises ValueError for inputs that the policy
    has seen.
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
    (N). Raises ValueError for a table without labels.
    """
def find_abstention(policy: Policy, calibration: OutcomeTable, at_least: typing.SupportsFloat | typing.SupportsIndex = 0.95, delta: typing.SupportsFloat | typing.SupportsIndex = 0.1, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Abstaining:
    """
    The threshold on the confidence of a policy's answers, at its chosen point, that leaves fewest
    to a person, such that with probability 1 - delta over the draw of `calibration`
    E[worth | confidence >= threshold] >= at_least.
    Thresholds are quantiles of a pilot part's confidences, of which it shows one to be best: from
    there on to lower ones each is tested on the rest at level delta until one fails, so that
    together they err with probability delta (Learn then Test). The tests are mean_p_value()s of the
    answered, by group_values(), their first stakes chosen on the pilot part. Answers without a
    confidence are the least sure.
    Raises ValueError for options out of range, and inputs that the policy has seen.
    """
def format_images(images: numpy.ndarray, format: ImageFormat) -> numpy.ndarray:
    """
    The same of pixels in memory: images u8 or f32 (n, c, h, w) in their own dtype, in parallel.
    Those of the format's height and width are passed through. One channel is repeated where colour
    is wanted, RGB becomes grey where that is. Raises ValueError.
    """
def hardness_levels(table: OutcomeTable, decisions: Decisions) -> list[HardnessLevel]:
    """
    What the decisions do at each number of failing models, 0..N.
    """
def hybrid(local: typing.SupportsFloat | typing.SupportsIndex, multiplexer: Cost, mobile: Cost, cloud: Cost) -> Cost:
    """
    Eq. 13 with Eq. 11 and 12: C = local (C_mux + C_mobile) + (1 - local) (C_mux + C_cloud-only).
    local: share of the inputs answered on the device. Raises ValueError unless in [0,1].
    """
def image_endings() -> list[str]:
    """
    Endings of the files that are taken for images, ".jpg" first. What they hold
    is told by their content (see image_decode.hpp).
    """
def image_fits() -> list[ImageFit]:
    """
    All ways to fit a picture: "crop", "stretch", "letterbox".
    """
def image_payloads() -> list[ImagePayload]:
    """
    "raw", "png", "jpeg".
    """
def image_statistic_names() -> list[str]:
    """
    The names of image_statistics(), in their order.
    """
def image_statistics(images: numpy.ndarray) -> numpy.ndarray:
    """
    A dozen features of an image made by hand, f32 (n, 12), for images u8 (of 0 to 255) or f32 (of 0
    to 1), (n, c, h, w): what may be seen of how hard an image is without learning to look. Of its
    grey values, the mean of its channels: mean, deviation, skewness, tenth and ninetieth
    percentile, entropy, length of the gradient, share of pixels where that is large, deviation of
    the Laplacian, how much brighter the centre is than the border, difference from the mirrored
    image; and of the channels: how far they are apart. All are finite for finite images. Raises
    ValueError for another shape or dtype and for pixels that are not finite.
    """
def in_pool(evaluation: Evaluation, models: collections.abc.Sequence[str], pool: collections.abc.Sequence[str]) -> Evaluation:
    """
    An evaluation on some models of a pool, with called shares of all, 0 for the others.
    """
def interpolate(points: collections.abc.Sequence[tuple[typing.SupportsFloat | typing.SupportsIndex, typing.SupportsFloat | typing.SupportsIndex]], cost: typing.SupportsFloat | typing.SupportsIndex) -> float:
    """
    Accuracy at `cost` on the straight lines between `points` (at least one, by rising cost), level
    outside.
    """
def interpolations() -> list[Interpolation]:
    """
    All ways to interpolate: "bilinear", "bicubic", "nearest", "box", "area".
    """
def learning_rate(options: ScheduleOptions, step: typing.SupportsInt | typing.SupportsIndex, total_steps: typing.SupportsInt | typing.SupportsIndex) -> float:
    """
    The learning rate of a step, 0, 1, ..., of so many.
    
    Raises:
        ValueError: an unknown schedule, options or a step that do not fit.
    """
def list_image_folder(folder: os.PathLike | str | bytes) -> ImageFolder:
    """
    What a folder of images holds. Either it has a sub-folder for each class, or
    parts that have them: train, training or trn, test, testing or tst, val, valid, validation or
    dev, in any case, also as train_set, test1 or seg_train/seg_train. Validation images are the
    held-out part beside a test part, else the test part. The classes are the sub-folders of the
    training part (all parts' where there is none), numbers by value and then names by letters,
    those without images too; images lie in them or in folders below, with an ending
    of image_endings(). A part without class folders is left out. Raises
    FileError: no such folder, no images, classes that only another part has, folders of the same
    folders of images, which are parts of some other name.
    """
def load_deployment(folder: os.PathLike | str | bytes, least_accuracy: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> Served:
    """
    Reads what save_deployment wrote; load may choose no operating point of less than
    `least_accuracy`. Raises FileError on files that cannot be read, ValueError on those
    that hold no deployment or do not belong together.
    """
def load_multiplexer(folder: os.PathLike | str | bytes) -> SavedMultiplexer:
    """
    Reads what save_multiplexer wrote. Raises FileError on files that cannot be read,
    ValueError on those that hold no multiplexer or do not belong together.
    """
def load_onnx(path: os.PathLike | str | bytes, options: OnnxOptions = ...) -> Classifier:
    """
    An ONNX file in an engine. Raises FileError for a file that cannot be read,
    ValueError for a network that cannot be run, by name.
    """
def load_safetensors(path: os.PathLike | str | bytes) -> tuple[dict[str, numpy.ndarray], dict[str, str]]:
    """
    Return (arrays, metadata).
    
    Raises:
        OSError: unreadable or not valid.
    """
def look_closely(policy: Policy, table: OutcomeTable, evaluation: Evaluation) -> Details:
    """
    An evaluation of a policy on a table, looked at closely. Raises ValueError for a
    table that shares inputs with the one it was fitted on.
    """
def make_dataset(name: str, images: numpy.ndarray, labels: numpy.ndarray, class_names: collections.abc.Sequence[str] = []) -> Dataset:
    """
    A data set from arrays, checked and not copied: images (n, h, w) or (n, c, h, w), u8 or f32, or
    vectors (n, d), which become images of d channels and one pixel; labels i32 (n). Without class
    names the classes are called "0" .. the greatest label. Raises ValueError.
    """
def make_model(name: str, options: NetworkOptions, *, projection_dim: typing.SupportsInt | typing.SupportsIndex = 0, seed: typing.SupportsInt | typing.SupportsIndex | None = 0, normalization: Normalization = ...) -> Model:
    """
    A network of the zoo with fresh weights; without a seed all zero, to be loaded.
    
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
    A policy by name. Raises ValueError that lists the names there are.
    """
def make_splits(data: Dataset, options: SplitOptions) -> Splits:
    """
    The data's own parts where it has them, else test_fraction and held_out_fraction of it; without
    a test part of its own all of the training part is divided. Raises ValueError:
    classes or image shapes of train and test differ, a class has too few images.
    """
def matching_network(tensors: collections.abc.Sequence[tuple[str, collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]]], options: NetworkOptions) -> str:
    """
    The network of the zoo whose tensors have these names and shapes, built for images as in
    `options` and as many classes as the last matrix has rows. Raises ValueError where
    there is none, and for tensors without a matrix.
    """
def measure_latency(model: Model, batch: typing.SupportsInt | typing.SupportsIndex = 1, turns: typing.SupportsInt | typing.SupportsIndex = 30) -> Latency:
    """
    Measures short turns (a pass, or as many as fill a tenth of a millisecond) on this machine; up
    to four times as many where the typical turn takes half as long again as the fastest. Raises
    ValueError for a batch or a number of turns below 1.
    """
def measure_normalization(data: Dataset) -> Normalization:
    """
    Mean and deviation of each channel.
    """
def mobile_only(mobile: Cost) -> Cost:
    """
    Eq. 9: C = C_mobile-compute.
    """
def model_reliability(held_out: OutcomeTable, table: OutcomeTable) -> list[ModelReliability]:
    """
    (N), of a table that every model answered; `calibration` may be null, and has learnt from other
    inputs. Raises ValueError for a table without labels and quality.
    """
def monitored_values(policy: Policy, table: OutcomeTable) -> dict[str, list[float]]:
    """
    What a DriftMonitor watches, for every row.
    
    Raises:
        ValueError.
    """
def multiplexed(called: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], models: collections.abc.Sequence[Cost], multiplexer: Cost = ...) -> Cost:
    """
    Eq. 14, with the multiplexer that the paper leaves out: C = C_mux + sum_i called_i C_i. Pass
    no_cost() for the equation as printed. called: shares of the inputs, each in [0, 1]; they sum to
    one where one model answers, to more for an ensemble. Raises ValueError.
    """
def multiplexer_correctness(scores: numpy.ndarray, correct: numpy.ndarray) -> tuple[float, numpy.ndarray]:
    """
    Mean binary cross-entropy of sigmoid(scores) against which models are right,
    L = 1/(B N) sum max(x, 0) - x t + log(1 + exp(-|x|)), with its gradient for the scores.
    
    scores: (B, N) f32 or f64; correct: (B, N), u8 or, of the scores' dtype, probabilities of being
    right, below 0 where unknown: without loss. N = 1 is the mobile/cloud multiplexer.
    Raises ValueError on anything else.
    """
def multiplexer_ensemble(scores: numpy.ndarray, model_probabilities: numpy.ndarray, labels: numpy.ndarray, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], options: WeightOptions = ...) -> tuple[float, numpy.ndarray]:
    """
    Mean cross-entropy of the models' weighted answer, L = -1/B sum_b log sum_i w_bi f_bi(label_b),
    with its gradient for the scores.
    
    scores: (B, N); model_probabilities: (B, N, K) of the same dtype; labels: i32 (B) in [0, K);
    costs and options as for multiplexer_weights. An answer below 1e-12 counts as 1e-12, without
    gradient. Raises ValueError on anything else. Source: arXiv 2001.05870v2, Eq. 4 to 7.
    """
def multiplexer_inputs(multiplexer: Multiplexer, inputs: numpy.ndarray) -> numpy.ndarray:
    """
    Raw images u8 or f32 (n, c, h, w), or vectors f32 (n, d), as run_multiplexer() takes them.
    
    Raises:
        ValueError: the multiplexer is for others.
    """
def multiplexer_kinds() -> list[MultiplexerKind]:
    """
    All kinds of multiplexer.
    """
def multiplexer_weights(scores: numpy.ndarray, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], options: WeightOptions = ...) -> numpy.ndarray:
    """
    The weight of each model for each input, softmax over i of
    `paper`: score_i / (c_i / min c); `bounded`: score_i - lambda_cost c_i / max c.
    
    scores: (B, N) f32 or f64; costs: N positive numbers in any one unit. Result as the scores.
    Raises ValueError on anything else.
    Source: arXiv 2001.05870v2, Eq. 5 and 6.
    """
def networks() -> list[NetworkEntry]:
    """
    The zoo: the paper's six families in full size and cut for small images; within a family,
    cheapest first.
    """
def no_cost() -> Cost:
    """
    Nothing at all, known to be nothing.
    """
def normalize(images: numpy.ndarray, normalization: Normalization) -> numpy.ndarray:
    """
    (x - mean) / deviation: u8 or f32 (n, c, h, w) to f32. Raises ValueError: shape,
    dtype, channel count, a row that is not finite.
    """
def online_targets(logits: collections.abc.Sequence[numpy.ndarray], weights: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], temperature: typing.SupportsFloat | typing.SupportsIndex) -> numpy.ndarray:
    """
    The weighted mean of the models' probabilities, to learn from: p_b = sum_i w_i softmax(x_bi /
    T), shape (B, K).
    
    logits: N tensors (B, K) of f32 or f64; weights: N, none negative, scaled to sum to 1; T =
    temperature > 0. Raises ValueError on anything else.
    Source: Zhang et al., arXiv 1706.00384.
    """
def onnx_engines() -> list[OnnxEngine]:
    """
    All engines, the default first.
    """
def open_dataset(spec: str) -> tuple[Dataset, Dataset, Dataset]:
    """
    (train, held_out, test) from 'KIND:PATH', undivided; those that its files do not have are
    empty.
    
    Raises:
        ValueError: an unknown kind.
        OSError: bad files.
    """
def open_endpoint(options: RemoteModelOptions) -> Classifier:
    """
    A model elsewhere, asked by its Classifier; nothing is sent before that.
    
    Raises:
        ValueError: options that do not fit.
        RuntimeError: built without libcurl, or gRPC, where the URL needs it.
    """
def open_splits(spec: str, options: SplitOptions, format: ImageFormat | None = None, skip_unreadable: bool = False) -> tuple[Splits, list[str]]:
    """
    Data from 'KIND:PATH', divided, and lines for people of what is left out. The format, by
    default the central square at 64 x 64 pixels, and skip_unreadable are for image folders.
    
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
def parse_endpoint(url: str) -> EndpointPlace:
    """
    Of "http(s)://host:port/v2/models/MODEL" or "grpc(s)://host:port/MODEL"; "/versions/VERSION" may
    follow, by gRPC "/VERSION" too. Raises ValueError for what is neither.
    """
def paying_batch(image_ms: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], most: typing.SupportsInt | typing.SupportsIndex) -> int:
    """
    The size, up to `most`, from which on larger batches save no time worth having: the first whose
    images take less than a ninth longer than those of the best. `image_ms`: ms an image in batches
    of 1, 2, 4, ... and at last `most`; 0: not measured, and then it is `most`. Raises
    ValueError for another number of them.
    """
def plan_bytes(model: Model, batch: typing.SupportsInt | typing.SupportsIndex = 1) -> int:
    """
    Bytes of all buffers of a compiled inference pass, weights not counted.
    """
def policies() -> list[PolicyEntry]:
    """
    The built-in policies, in the order in which they are reported, and those added since.
    """
def probabilities_of(answers: numpy.ndarray, n: typing.SupportsInt | typing.SupportsIndex, classes: typing.SupportsInt | typing.SupportsIndex, kind: AnswerKind, name: str) -> numpy.ndarray:
    """
    Answers f32 (n, K) as probabilities: the softmax of logits; scores divided by their sum, which
    keeps their order, and all classes alike where each is 0. A single number of each row speaks for
    the second of two classes: p is [1 - p, p], a logit z is [0, z]. `classes` 0: any K. Raises
    ValueError for another shape, numbers that are not finite (logits may be minus
    infinity, all but one), scores outside [0, 1], and
    rows that are no probabilities.
    """
def read_images(files: collections.abc.Sequence[os.PathLike | str | bytes], formats: collections.abc.Sequence[ImageFormat], max_pixels: typing.SupportsInt | typing.SupportsIndex = 64000000) -> tuple[list[numpy.ndarray], list[str]]:
    """
    Image files of any format (see image_decode.hpp) as every one of `formats` wants them. Each is
    decoded once (grey is decoded apart from colour), in parallel; without formats only to see
    whether it can be. Raises ValueError for formats that are none.
    """
def read_metadata(options: RemoteModelOptions) -> ModelMetadata:
    """
    What the server says of its model, waited for. Raises EndpointError where there is no answer.
    """
def read_stored_images(files: collections.abc.Sequence[os.PathLike | str | bytes], max_pixels: typing.SupportsInt | typing.SupportsIndex = 64000000) -> tuple[list[numpy.ndarray], list[str]]:
    """
    Colour images as they are stored, each u8 (3, h, w), upright; otherwise as read_images. Empty
    where one could not be read.
    """
def record_decisions(policy: Policy, table: OutcomeTable, rows: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = []) -> list[str]:
    """
    Lines of JSON, one an input, that say why it went where it went; of all rows by default.
    
    Raises:
        ValueError: other models.
    """
def recorded_outputs(data: Dataset, answers: numpy.ndarray, costs: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], normalization: Normalization, options: FrozenOptions) -> FrozenOutputs:
    """
    The same from recorded answers f32 (n, N, K) to the inputs of `dataset`; to every variant of an
    input they are those to the plain one. `costs`: (N). Raises ValueError on options
    below 1, an empty set, answers or costs that do not fit it or each other.
    """
def recovery_costs(points: collections.abc.Sequence[CurvePoint], start: typing.SupportsFloat | typing.SupportsIndex, to: typing.SupportsFloat | typing.SupportsIndex, shares: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> list[float | None]:
    """
    The least cost of a point that recovers each of `shares` of the gap between two accuracies, of
    the cheapest and of the best single model: accuracy >= from + share (to - from). None where no
    point does.
    """
def refuse_unreadable(errors: collections.abc.Sequence[str]) -> None:
    """
    Raises FileError with all that are not empty, and what goes on without those images.
    """
def release_free_memory() -> None:
    """
    Gives memory that nobody uses back to the system. glibc keeps a heap for each of many threads,
    and what large things leave there when they go; a process that lives long would only grow.
    """
def replay_records(policy: Policy, lines: collections.abc.Sequence[str]) -> list[ReplayedRecord]:
    """
    Decides records again. Raises ValueError, with the line's number, for what is no
    record of this policy in this version, or where the policy calls a model whose output the record
    does not hold.
    """
def require_same(there: str, here: str, where: str, expected: str, place: str = 'before') -> None:
    """
    Raises ValueError unless the JSON texts `there` and `here` hold the same: it lists
    each leaf in which they differ, "KEY: VALUE `place`, VALUE now".
    """
def right_wrong_matrix(table: OutcomeTable) -> list[float]:
    """
    (N, N) row-major, the paper's Figure 1: share of inputs where the row's model is right and the
    column's wrong.
    """
def roc_curve(scores: numpy.ndarray, positive: numpy.ndarray) -> list[tuple[float, float]]:
    """
    From (0, 0) to (1, 1), by falling threshold, without the points between two equal steps. Raises
    ValueError when the lengths differ, or where positives or negatives are missing.
    """
def run_frozen_models(models: collections.abc.Sequence[Model], data: Dataset, normalization: Normalization, options: FrozenOptions) -> FrozenOutputs:
    """
    Runs every model's inference plan over every variant of `dataset`; weights are only read. Raises
    ValueError on options below 1, an empty set, models that do not fit it or each other.
    """
def run_load(requests: collections.abc.Sequence[bytes], load: HttpLoad) -> LoadTally:
    """
    Sends whole requests of HTTP/1.1, in turns, from this thread, which waits for the end. Raises
    ValueError for none, or a load without end or of more than a million.
    """
def run_multiplexer(multiplexer: Multiplexer, inputs: numpy.ndarray) -> MultiplexerView:
    """
    Runs a multiplexer over what MultiplexerInput made of inputs: f32 (n, c, h, w), normalised.
    Raises BusyError while another thread trains it.
    """
def save_deployment(served: Served, network: MultiplexerOptions | None, folder: os.PathLike | str | bytes) -> None:
    """
    Writes all that is served into `folder`, apart from what made it: policies, the multiplexer,
    whose model is built from `network`, networks' weights, ONNX files with the files that they
    name, how models elsewhere are asked (tokens and keys in files that only their owner may read).
    deployment.json, which knows the others' bytes, comes last. Raises ValueError for a
    model that only this process has, as a function is, FileError.
    """
def save_multiplexer(saved: SavedMultiplexer, folder: os.PathLike | str | bytes) -> None:
    """
    Writes multiplexer.safetensors and then multiplexer.json, which knows the other's bytes, into
    `folder`, each atomically. Raises FileError, and what load_multiplexer would throw.
    """
def save_safetensors(path: os.PathLike | str | bytes, tensors: collections.abc.Mapping[str, numpy.ndarray], metadata: collections.abc.Mapping[str, str] = {}) -> None:
    """
    Writes atomically. Source: https://github.com/huggingface/safetensors (format description).
    """
def scale_scores(multiplexer: Model, scores: numpy.ndarray, correct: numpy.ndarray) -> numpy.ndarray:
    """
    Makes sigmoid of each of a multiplexer's scores the probability that the model is right, by
    scores f32 (n, N) that others like it gave to inputs that they have not learnt from, and whether
    each model is right on those, u8 (n, N). Returns what these scores have become. Raises
    ValueError where they do not fit.
    """
def schedules() -> list[ScheduleEntry]:
    """
    All schedules.
    """
def set_threads(threads: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Threads for OpenMP (oneDNN, OpenBLAS, our kernels) and TBB (data pipeline, request path)
    alike; 0 means usable_cores(). Raises ValueError when negative.
    """
def shown_to_multiplexer(kind: str, inputs: numpy.ndarray) -> numpy.ndarray:
    """
    What a multiplexer of a kind is shown of raw images u8 or f32 (n, c, h, w), or of vectors f32
    (n, d): images (n, c, h, w), or vectors as images of d channels and one pixel, (n, d, 1, 1);
    not normalised. Raises ValueError: no such kind, or another one's inputs.
    """
def shuffle(table: OutcomeTable, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> OutcomeTable:
    """
    A table's inputs in random order: what is learnt from parts of it comes from other parts.
    """
def split_dataset(data: Dataset, second_fraction: typing.SupportsFloat | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex) -> tuple[Dataset, Dataset]:
    """
    Divide in two, stratified.
    
    Raises:
        ValueError.
    """
def split_stratified(labels: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], fractions: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], seed: typing.SupportsInt | typing.SupportsIndex) -> list[list[int]]:
    """
    One ascending list of rows for each of `fractions` (which add up to 1). Every class is divided
    by the fractions up to one row, its rounding carried on to the next class so that whole parts
    come out right too; a part of a fraction above 0 gets at least one row of every class.
    Deterministic in (labels, fractions, seed). Raises ValueError: fractions, a negative
    label, a class with fewer rows than parts.
    """
def study(held_out: OutcomeTable, test: OutcomeTable, *, cost_kind: str = '', policy: str, seed: typing.SupportsInt | typing.SupportsIndex = 0) -> Study:
    """
    Fits every policy of the options that `held_out` suffices for, made by `make`, and evaluates it
    on `test`. Raises ValueError for fewer than two models, an unknown kind of cost,
    tables that do not fit each other or share inputs.
    """
def supports_bf16() -> bool:
    """
    Whether this CPU multiplies bf16 and this build has the kernels for it.
    """
def supports_int8() -> bool:
    """
    Whether this CPU sums products of u8 and s8 in 32 bits (VNNI) and this build has the kernels for
    it. Others sum pairs of them in 16 bits, which overflow.
    """
def threads() -> int:
    """
    The number set_threads settled on.
    """
def train_models(models: collections.abc.Sequence[Model], train: Dataset, held_out: Dataset | None, normalization: Normalization, options: ModelTrainingOptions, callback: collections.abc.Callable[[Progress], bool] = None, *, right: numpy.ndarray = ...) -> TrainingResult:
    """
    Step 1 of Algorithm 1: all models jointly on each batch.
    
    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.
    """
def train_multiplexer(multiplexer: Model, outputs: FrozenOutputs, options: MultiplexerTrainingOptions, validation: FrozenOutputs | None = None, callback: collections.abc.Callable[[Progress], bool] = None) -> TrainingResult:
    """
    Step 2 of Algorithm 1: the multiplexer, models frozen.
    
    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.
    """
def usable_cores() -> int:
    """
    The cores that this process may use, at least 1: those it may run on, and no more than whole
    ones in its CPU quota (control groups of both versions, this one's and those around it).
    """
def versions() -> dict[str, str]:
    """
    Versions of what the core was built with.
    """
def view_of_scores(multiplexer: Multiplexer, scores: numpy.ndarray) -> MultiplexerView:
    """
    What the output of its network says: scores f32 (n, N), f32 (n, 1) of one that offloads.
    """
def with_view(table: OutcomeTable, view: MultiplexerView, multiplexer_costs: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex], encoder: str = '') -> OutcomeTable:
    """
    A table's answers with what a multiplexer says of the same inputs. `multiplexer_costs`: of one
    pass, by kind; the models' costs of other kinds are left out; `encoder`: the model that it looks
    at, where there is one. Raises ValueError where they do not fit.
    """
AS_GOOD_WITHIN: float = 0.005
DEPLOYMENT_FILE: str = 'deployment.json'
MULTIPLEXER_FILE: str = 'multiplexer.json'
MULTIPLEXER_WEIGHTS_FILE: str = 'multiplexer.safetensors'
__version__: str = '0.1.0'
