#!/bin/bash
# Makes the demo model again, from a font, CLDR annotations and the CLIP merges of this repository.
#
#   tools/demo-model/make.sh [WORK]      WORK: a folder for everything made (default: build/demo-model)
#
# Needs python3 with venv, a C++ compiler (torch.compile), NotoColorEmoji.ttf and CLDR's English annotations
# (Debian: fonts-noto-color-emoji, unicode-cldr-core; elsewhere set EMOJI_FONT and CLDR_EN).
# The amount of training is set in minutes: VAE_MINUTES, FIRST_MINUTES, SECOND_MINUTES, THIRD_MINUTES, FOURTH_MINUTES,
# DECODER_MINUTES; the number of scenes of each of the two workers: SCENES. COMPILE= (empty) trains without torch.compile.
# A stage whose result exists is skipped. The model is left in WORK/model and its pictures in WORK/grid.png.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-$root/build/demo-model}
tokenizer=$root/assets/clip-vit-large-patch14
mkdir -p "$work/work"
work=$(cd "$work" && pwd)
cd "$work"
. "$here/env.sh"
export PYTHONDONTWRITEBYTECODE=1
compile=${COMPILE---compile}

[ -x venv/bin/torchrun ] || { python3 -m venv venv && venv/bin/pip install -q -r "$here/requirements.txt"; }
two() { local script=$1; shift; venv/bin/torchrun --nproc_per_node 2 "$here/$script" "$@"; }

# Autoencoder, then the training set.
[ -d work/vae ] || two train_vae.py --minutes "${VAE_MINUTES:-15}"
[ -f work/set_1.npz ] || two encode.py --tokenizer "$tokenizer" --scenes "${SCENES:-26000}"

# UNet and text encoder: four runs, each with its own schedule; the last one calibrates guidance.
[ -f work/unet1.done ] || {
    two train_unet.py --minutes "${FIRST_MINUTES:-47}" $compile --out work/unet1.pt --lr 2e-3 --offset .08 --seed 7
    touch work/unet1.done; }
[ -f work/unet2.done ] || {
    two train_unet.py --minutes "${SECOND_MINUTES:-21}" $compile --init work/unet1.pt --out work/unet2.pt \
        --lr 1.5e-3 --warmup 100 --offset .08 --seed 11
    touch work/unet2.done; }
[ -f work/unet3.done ] || {
    two train_unet.py --minutes "${THIRD_MINUTES:-36}" $compile --init work/unet2.pt --out work/unet3.pt \
        --lr 1.8e-3 --lr-end 1.3e-3 --warmup 150 --offset .04 --seed 21
    touch work/unet3.done; }
[ -f work/unet4.done ] || {
    two train_unet.py --minutes "${FOURTH_MINUTES:-69}" $compile --init work/unet3.pt --out work/unet4.pt \
        --lr 1.35e-3 --warmup 60 --offset 0 --strength .4 --seed 22
    touch work/unet4.done; }

# The decoder alone, on the same latents.
[ -d work/vae2 ] || two train_vae.py --decoder-only work/vae --out work/vae2 --lr 1e-3 --noise .1 --seed 2 --pictures 6000 \
    --minutes "${DECODER_MINUTES:-10}"

# A fiftieth of the third run's weights: without it the noise of seed 42 lies on the border between two creatures for
# 25 steps, where rounding decides which of them appears.
venv/bin/python "$here/export.py" --unet work/unet4.pt --mix work/unet3.pt --vae work/vae2 --tokenizer "$tokenizer" --out model
venv/bin/python "$here/grid.py" --model model --out grid.png
