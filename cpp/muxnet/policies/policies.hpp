#pragma once

#include <memory>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// The built-in policies, by their registered names; reach them through make_policy().

/// `always`: the model `options.model` answers every input.
std::unique_ptr<Policy> make_always(const PolicyOptions& options);

/// `best_single`: the model most accurate on held-out data answers every input.
std::unique_ptr<Policy> make_best_single(const PolicyOptions& options);

/// `random_mixing`: a seeded draw, blind to the input, between two neighbours on the upper concave
/// hull of the single models. Points are the hull's vertices; a budget between two mixes them. What
/// any router must beat. Parameters: first, second, share (of second).
std::unique_ptr<Policy> make_random_mixing(const PolicyOptions& options);

/// `argmax`: Algorithm 2, hybrid-single, argmax_i (v_i - lambda c_i / max c). v_i is
/// sigmoid(score_i) where the table has scores of correctness, else log w_i, for which lambda = 0
/// is the paper's rule and lambda > 0 raises the cost term of Eq. 5. Parameter: lambda.
std::unique_ptr<Policy> make_argmax(const PolicyOptions& options);

/// `knn`: argmax_i (p_i - lambda c_i / max c) with p_i from the held-out inputs whose features are
/// nearest (Neighbours); held-out figures leave each input out of its own neighbours. Pays for the
/// multiplexer's look, where the table says what its features cost, and for the n F MACs of the
/// search. As in Woods et al., Combination of Multiple Classifiers Using Local Accuracy Estimates,
/// TPAMI 1997, and in RouterBench, arXiv 2403.12031. Parameter: lambda.
std::unique_ptr<Policy> make_knn(const PolicyOptions& options);

/// `threshold_ensemble`: Algorithm 2, hybrid-ensemble: w = softmax_i(s_i - lambda c_i / max c) with
/// s_i the score, or log w_i without scores; S = {i: w_i > T}, the argmax when S is empty; answers
/// the mean of f_i over S. Parameters: lambda, threshold.
std::unique_ptr<Policy> make_threshold_ensemble(const PolicyOptions& options);

/// `offload`: mobile/cloud, two models and one output in [0, 1]: the dearer model where
/// it reaches the threshold. Default 0.5, as in the paper. Parameter: threshold.
std::unique_ptr<Policy> make_offload(const PolicyOptions& options);

/// `cascade`: models in order of rising cost; each answers when its max-softmax reaches its
/// threshold, else the next is called; the last model run answers. Chains (all subsets of up
/// to `options.max_models`) and thresholds (quantiles, `options.bins` per stage) are searched
/// exhaustively on held-out accuracy against cost. Parameters: models, model_0, threshold_0, ...
std::unique_ptr<Policy> make_cascade(const PolicyOptions& options);

/// `margin_cascade`: as `cascade`, but sure by the margin, the best class's probability less the
/// second's.
std::unique_ptr<Policy> make_margin_cascade(const PolicyOptions& options);

/// `entropy_cascade`: as `cascade`, but sure by 1 - entropy / log K.
std::unique_ptr<Policy> make_entropy_cascade(const PolicyOptions& options);

/// `agreement_cascade`: as `cascade`, but sure where all models run so far agree on the class:
/// 1/2 + s/2 where they do, s/2 where one does not, with s their mean probability of the last one's
/// class. A threshold of 1/2 asks for agreement alone. After Kolawole et al., Agreement-Based
/// Cascading for Efficient Inference, arXiv 2407.02348, with one model a tier.
std::unique_ptr<Policy> make_agreement_cascade(const PolicyOptions& options);

/// `logistic_deferral`: two models, of all pairs; a logistic regression on what the cheaper one
/// says (log-odds and margin of its top class, entropy, class) gives 1 - P(it is wrong and the
/// dearer one right), and where that is below a threshold the dearer one is called and answers. As
/// post-hoc deferral in Jitkrittum et al., When Does Confidence-Based Cascade Deferral Suffice?,
/// arXiv 2307.02764. Of more than 16 models the most promising take part. Parameters as of
/// `cascade`.
std::unique_ptr<Policy> make_logistic_deferral(const PolicyOptions& options);

/// `learned_cascade`: as `cascade`, but after each model a regression on all answers so far says
/// how surely their product of experts is right (JointConfidence), and that product is the answer.
/// Chains of up to three models and thresholds are searched on cross-fitted confidences. Of more
/// than eight models the eight most promising take part. Parameters as of `cascade`.
std::unique_ptr<Policy> make_learned_cascade(const PolicyOptions& options);

/// `average_ensemble`: all models, the mean of their probabilities.
std::unique_ptr<Policy> make_average_ensemble(const PolicyOptions& options);

/// `oracle`: reads the label: the cheapest model that is right, the cheapest of all when none is.
/// The bound for policies that call one model; replay only.
std::unique_ptr<Policy> make_oracle(const PolicyOptions& options);

}  // namespace muxnet
