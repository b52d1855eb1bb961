"""smdebug: SessionHook saves the losses and gradients of every second run."""

import os
import sys

import tensorflow as tf

v1 = tf.compat.v1


def main(directory):
    """Trains six steps and prints what was saved."""
    os.environ["SMDEBUG_LOG_LEVEL"] = "off"  # its log lines contain times and process ids
    import smdebug.tensorflow as smd
    from smdebug.trials import create_trial

    v1.disable_resource_variables()  # it finds no resource variables
    saved = os.path.join(directory, "saved")
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        weight = v1.get_variable("weight", [3], initializer=v1.ones_initializer())
        loss = tf.reduce_sum(tf.square(weight), name="loss")
        v1.losses.add_loss(loss)
        hook = smd.SessionHook(
            saved,
            save_config=smd.SaveConfig(save_interval=2),
            include_collections=["losses", "gradients"],
        )
        optimizer = hook.wrap_optimizer(v1.train.GradientDescentOptimizer(0.1))
        with tf.control_dependencies([loss]):  # a ref variable can change before it is read
            train_op = optimizer.minimize(loss, step)
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=os.path.join(directory, "model"),
            hooks=[hook, v1.train.StopAtStepHook(last_step=6)],
            save_checkpoint_steps=4,
            save_summaries_steps=2,
        ) as session:
            while not session.should_stop():
                print(session.run([loss, train_op])[0])
    trial = create_trial(saved)
    for name in sorted(trial.tensor_names()):
        for saved_step in trial.tensor(name).steps():
            print(name, saved_step, trial.tensor(name).value(saved_step).tolist())


if __name__ == "__main__":
    main(sys.argv[1])
