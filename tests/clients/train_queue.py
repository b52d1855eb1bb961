"""QueueRunner: threads read files of records into a queue of batches, for two epochs."""

import os
import sys

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


def records(directory):
    """Writes the input: two files of records."""
    random = np.random.RandomState(0)
    names = []
    for file in range(2):
        names.append(os.path.join(directory, f"input-{file}.tfrecord"))
        with tf.io.TFRecordWriter(names[-1]) as writer:
            for _ in range(8):
                writer.write(random.normal(size=4).astype(np.float32).tobytes())
    return names


def main(directory):
    """Trains until the input ends: OutOfRangeError stops the loop and is not raised."""
    names = records(directory)
    with tf.Graph().as_default():
        files = v1.train.string_input_producer(names, num_epochs=2, shuffle=False)
        _, record = v1.TFRecordReader().read(files)
        row = tf.reshape(tf.io.decode_raw(record, tf.float32), [4])
        batch = v1.train.batch([row], batch_size=4, num_threads=1)
        step = v1.train.get_or_create_global_step()
        weight = v1.get_variable("weight", [4], initializer=v1.ones_initializer())
        loss = tf.reduce_mean(tf.square(tf.linalg.matvec(batch, weight) - 1.0))
        v1.summary.scalar("loss", loss)
        train_op = v1.train.AdamOptimizer(0.05).minimize(loss, step)
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=os.path.join(directory, "model"),
            save_checkpoint_steps=3,
            save_summaries_steps=2,
        ) as session:
            while not session.should_stop():
                print(session.run([loss, train_op])[0])


if __name__ == "__main__":
    main(sys.argv[1])
