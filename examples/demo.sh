#!/bin/sh
# What `make demo` runs: each command is printed, then run; the results go to demo/.
set -eu
symbackprop=${1:-symbackprop}
mkdir -p demo
run() {
  printf '\n$ symbackprop %s\n' "$*"
  "$symbackprop" "$@"
}

run derive examples/two_layer.net -o demo/two_layer.html
run check examples/two_layer.net
run draw examples/sigmoid_gates.net --at examples/sigmoid_gates.json -o demo/sigmoid_gates.svg
run compile examples/two_layer.net -o demo/two_layer.py
run train examples/digits.net --data digits -o demo/digits.npz --curve demo/digits.svg

cat <<'END'

What came out, in demo/:
  two_layer.html     the derivation step by step, with its check: open it in a browser
  sigmoid_gates.svg  a sigmoid neuron as gates, values in green and gradients in red
  two_layer.py       the same gradients as NumPy source
  digits.npz         the parameters of the trained digit classifier
  digits.svg         its loss curve
END
