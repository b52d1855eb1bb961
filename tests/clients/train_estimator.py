"""tensorflow-estimator: LinearClassifier and DNNClassifier; train, evaluate, train, predict."""

import os
import sys

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
FEATURES = [tf.feature_column.numeric_column("x", shape=(4,))]


def data():
    """Returns the whole data set as one batch, repeated without end."""
    random = np.random.RandomState(0)
    inputs = random.normal(size=(64, 4)).astype(np.float32)
    labels = (inputs.sum(axis=1) > 0).astype(np.int64)
    return tf.data.Dataset.from_tensors(({"x": inputs}, labels)).repeat()


def once():
    """Returns the whole data set as one batch, once."""
    return data().take(1)


def main(directory):
    """Trains both classifiers."""
    for estimator_class, arguments in (
        (tf.estimator.LinearClassifier, {}),
        (tf.estimator.DNNClassifier, {"hidden_units": [8, 4]}),
    ):
        name = estimator_class.__name__
        estimator = estimator_class(
            feature_columns=FEATURES,
            model_dir=os.path.join(directory, name),
            config=tf.estimator.RunConfig(
                tf_random_seed=1,
                save_checkpoints_steps=7,
                save_summary_steps=5,
                log_step_count_steps=5,
                keep_checkpoint_max=3,
            ),
            **arguments,
        )
        for steps in (20, 12):
            estimator.train(data, steps=steps)
            print(name, sorted((k, float(v)) for k, v in estimator.evaluate(once).items()))
        predicted = [prediction["logits"].tolist() for prediction in estimator.predict(once)]
        print(name, predicted[:4])


if __name__ == "__main__":
    main(sys.argv[1])
