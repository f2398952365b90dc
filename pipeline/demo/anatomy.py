"""CT numbers of an axial slice through a thorax, layer by layer, from the skin inwards."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dicomlake.pipeline.demo import thorax, vessels
from dicomlake.pipeline.demo.canvas import Array, Canvas, Ellipse, coverage
from dicomlake.pipeline.demo.vessels import Branch, Tree

FAT: Final = -102.0
MUSCLE: Final = 58.0
SKIN: Final = 25.0
CARTILAGE: Final = 105.0
CORTEX: Final = 950.0
MARROW: Final = 175.0
BLOOD: Final = 215.0
"""Vessels with contrast."""
MYOCARDIUM: Final = 112.0
LIVER: Final = 108.0
LUNG: Final = -862.0
SIDES: Final = (1, -1)

_VISIBLE_AIRWAYS: Final = 5
"""Generations of bronchi wide enough to be seen."""
_FROM_PLEURA: Final = 4.0
"""No vessel ends nearer to the lung's surface than this."""

NODULE: Final = (-78.0, 8.0, 32.0, 7.5)
"""Centre x, y, z and radius of a nodule in the right upper lobe."""


@dataclass(frozen=True, slots=True)
class Trees:
    """What branches inside the lungs."""

    arteries: Tree
    veins: Tree
    airways: Tree


def trees(rng: np.random.Generator) -> Trees:
    """Return vessels and airways grown into both lungs."""
    arteries: list[Branch] = []
    veins: list[Branch] = []
    airways: list[Branch] = []
    points = _cloud(rng)
    for side in SIDES:
        mine = points[points[:, 0] * side > 8]
        cloud = mine[rng.permutation(len(mine))[:2900]]
        artery_root = np.array([side * 40.0, 6.0, 4.0])
        arteries += vessels.grow(artery_root, cloud[:1500], 8.6, rng)
        vein_root = np.array([side * 34.0, 14.0, -22.0])
        veins += vessels.grow(vein_root, cloud[1500:2500], 7.2, rng)
        airway_root = np.array([side * 38.0, 14.0, -2.0])
        bronchi = vessels.grow(airway_root, cloud[2500:], 5.6, rng)
        airways += [branch for branch in bronchi if branch.generation < _VISIBLE_AIRWAYS]
    return Trees(Tree(arteries), Tree(veins), Tree(airways))


def _cloud(rng: np.random.Generator) -> vessels.Points:
    """Return points spread evenly over the lungs, [n, 3], a good 3000 on each side."""
    canvas = Canvas()
    found: list[vessels.Points] = []
    for z in np.arange(-118.0, 104.0, 6.0):
        from_cage, _ = thorax.cage(canvas.x, canvas.y, float(z))
        rows, columns = np.nonzero(thorax.lung(canvas, float(z), from_cage) < -_FROM_PLEURA)
        pick = rng.choice(len(rows), size=max(1, len(rows) // 110), replace=False)
        jitter = rng.uniform(-3, 3, size=len(pick))
        found.append(
            np.stack([canvas.x[0, columns[pick]], canvas.y[rows[pick], 0], z + jitter], axis=1)
        )
    return np.concatenate(found).astype(np.float64)


def section(z: float, grown: Trees, grain: Array) -> Array:
    """Return the CT numbers in HU of the plane at height z, without noise, [y, x].

    `grain` is a smooth random field that gives tissue its texture.
    """
    canvas = Canvas()
    _table(canvas)
    _body(canvas, z)
    distance, angle = thorax.cage(canvas.x, canvas.y, z)
    _chest_wall(canvas, z, distance, angle)
    _abdomen(canvas, z, distance)
    _lungs(canvas, z, distance, grown, grain)
    _spine(canvas, z)
    _ribs(canvas, z, distance, angle)
    _sternum(canvas, z)
    _shoulder(canvas, z)
    _heart(canvas, z)
    _great_vessels(canvas, z)
    _airways(canvas, z)
    return canvas.hu


def _table(canvas: Canvas) -> None:
    """Paint the couch: a mattress on a shell, curved with its hollow up."""
    sag = canvas.y - 139 + (canvas.x / 60) ** 2
    width = coverage(np.abs(canvas.x) - 190)
    canvas.blend(coverage(np.abs(sag + 9) - 7) * width, -930)
    canvas.blend(coverage(np.abs(sag) - 1.2) * width, -180)
    canvas.blend(coverage(np.abs(canvas.y - 166 + (canvas.x / 26) ** 2) - 1.2) * width, -220)


def _outline(canvas: Canvas, z: float) -> Any:
    """Return the distance from the skin."""
    wide = float(np.interp(z, (-110, -30, 30, 70, 100), (163, 165, 172, 178, 172)))
    deep = float(np.interp(z, (-110, -30, 30, 70, 100), (123, 120, 115, 106, 98)))
    shift = float(np.interp(z, (-110, 0, 60, 100), (1, 2, 10, 16)))
    y = canvas.y - shift
    angle = np.arctan2(y, canvas.x)
    ripple = 1 + 0.012 * np.cos(2 * angle + 0.4) + 0.008 * np.cos(5 * angle + 1.1)
    u, v = np.abs(canvas.x) / wide, np.abs(y) / deep
    norm = (u**2.45 + v**2.45) ** (1 / 2.45) / ripple + 1e-6
    # The furrow over the spine, and the shallow one over the sternum.
    furrow = 5 * np.exp(-((canvas.x / 16) ** 2)) * np.clip(y / deep, 0, 1)
    furrow = furrow + 3 * np.exp(-((canvas.x / 20) ** 2)) * np.clip(-y / deep, 0, 1)
    return np.hypot(canvas.x, y) * (1 - 1 / norm) + furrow


def _body(canvas: Canvas, z: float) -> None:
    distance = _outline(canvas, z)
    canvas.blend(coverage(distance), SKIN)
    canvas.blend(coverage(distance + 1.8), FAT)
    # Septa of the subcutaneous fat.
    net = np.sin(canvas.x / 5 + 2 * np.sin(canvas.y / 9)) * np.sin(canvas.y / 6 + z / 7)
    canvas.blend(coverage(distance + 4) * np.clip(net - 0.86, 0, 0.1), MUSCLE)


def _chest_wall(canvas: Canvas, z: float, distance: Any, angle: Any) -> None:
    """Paint the muscles around the cage, and fat between them and inside it."""
    side = np.clip(np.sin(angle), 0, 1)
    front = np.clip(-np.cos(angle), 0, 1)
    shoulders = float(np.interp(z, (-100, -20, 30, 90), (0.35, 0.6, 1.0, 1.25)))
    thick = 3.0 + 9.0 * side**4 * shoulders + 5 * side**2 * front * shoulders
    canvas.blend(coverage(np.maximum(distance - thick, -distance)), MUSCLE)
    for sign in SIDES:
        _muscle(canvas, Ellipse(66, -80 + 0.22 * max(z, 0), 46, 8.5 * shoulders + 1.5, 21), sign)
        if z > -20:
            _muscle(canvas, Ellipse(80, -86 + 0.26 * z, 34, 5.5 * shoulders, 27), sign)
        _muscle(canvas, Ellipse(139, 40 + 0.1 * z, 8 + 5 * shoulders, 38, 12), sign)
        behind = 0.14 * z
        _muscle(canvas, Ellipse(60, 103 + behind, 42, 5.0, -16), sign)
        _muscle(canvas, Ellipse(27, 101 + behind, 25, 13.5, -12), sign)
        _muscle(canvas, Ellipse(11, 103 + behind, 8.5, 10, 10), sign)
    canvas.blend(coverage(np.maximum(distance, -distance - thorax.PLEURA)), MUSCLE - 8)
    canvas.blend(coverage(np.abs(distance + thorax.PLEURA - 1.0) - 0.5) * 0.7, FAT)
    canvas.blend(coverage(distance + thorax.PLEURA), FAT + 6)


def _muscle(canvas: Canvas, shape: Ellipse, side: int) -> None:
    """Paint a muscle in a thin coat of fat."""
    shape = shape.mirrored(side)
    canvas.ellipse(shape.shrunk(-1.1), FAT)
    canvas.ellipse(shape, MUSCLE)


def _abdomen(canvas: Canvas, z: float, distance: Any) -> None:
    """Paint what the domes of the diaphragm hold: liver right, spleen and fat left."""
    inner = coverage(distance + thorax.PLEURA)
    for index, dome in enumerate(thorax.domes(z)):
        area = canvas.window(dome.x, dome.y, max(dome.a, dome.b) + 2)
        canvas.blend(inner[area] * coverage(canvas.distance(dome, *area)), MUSCLE, *area)
        inside = inner[area] * coverage(canvas.distance(dome.shrunk(3), *area))
        canvas.blend(inside, LIVER if index == 0 else FAT + 4, *area)
        if index == 1:
            spleen = Ellipse(dome.x + 8, dome.y + 24, dome.a * 0.66, dome.b * 0.5, 40)
            canvas.blend(inside * coverage(canvas.distance(spleen, *area)), 122, *area)
        else:
            _liver_veins(canvas, dome, z)


def _liver_veins(canvas: Canvas, dome: Ellipse, z: float) -> None:
    for spoke, width in ((-2.6, 3.2), (-1.9, 2.4), (2.7, 3.0), (2.1, 2.0)):
        reach = dome.a * (0.5 + 0.1 * np.sin(spoke * 3 + z / 9))
        start = (dome.x + 18, dome.y + 14)
        turn = spoke + 0.006 * z
        end = (start[0] + reach * float(np.cos(turn)), start[1] + reach * float(np.sin(turn)))
        if reach > 12:
            canvas.capsule(start, end, width, LIVER + 45)


def _lungs(canvas: Canvas, z: float, distance: Any, grown: Trees, grain: Array) -> None:
    """Paint air-filled lung with its airways, vessels, fissures and a nodule."""
    lung = Canvas()
    lung.hu[:] = LUNG + 14 * grain + np.clip(canvas.y, -80, 100) * np.float32(0.42)
    _fissures(lung, z)
    vessels.paint(lung, grown.airways, z, -40, widen=1.1)
    vessels.paint(lung, grown.airways, z, -985)
    vessels.paint(lung, grown.veins, z, 120)
    vessels.paint(lung, grown.arteries, z, 130)
    _nodule(lung, z)
    canvas.blend(coverage(thorax.lung(canvas, z, distance)), lung.hu)


def _fissures(lung: Canvas, z: float) -> None:
    """Paint the major fissures, which fall from behind above to the front below."""
    for side in SIDES:
        level = 34 - 0.92 * z + 0.05 * side * lung.x + 0.0018 * lung.x**2
        sheet = coverage(np.abs(lung.y - level) - 0.35) * (lung.x * side > 12)
        lung.blend(sheet * np.float32(0.42), -450)
    if -2 < z < 8:
        haze = np.exp(-(((lung.x + 85) / 30) ** 2) - ((lung.y + 40) / 26) ** 2)
        lung.blend(haze * np.float32(0.10), -300)


def _nodule(lung: Canvas, z: float) -> None:
    x, y, middle, radius = NODULE
    rows, columns = lung.window(x, y, 3 * radius)
    dx, dy, dz = lung.x[:, columns] - x, lung.y[rows] - y, z - middle
    away = np.sqrt(dx**2 + dy**2 + dz**2)
    angle = np.arctan2(dy, dx)
    rim = radius * (1 + 0.08 * np.cos(3 * angle + 1) + 0.06 * np.cos(5 * angle))
    spikes = np.clip(np.cos(9 * angle + 0.12 * dz + np.cos(4 * angle)), 0, 1) ** 6
    lung.blend(
        np.exp(-np.clip(away - rim, 0, 60) / 3.2) * (0.25 + 0.75 * spikes) * 0.6,
        -150,
        rows,
        columns,
    )
    lung.blend(coverage(away - rim), 42, rows, columns)


def _spine(canvas: Canvas, z: float) -> None:
    """Paint a vertebra or the disc between two, with canal, processes and cord."""
    level = (z + 4) % thorax.RIB_STEP
    behind = 0.30 * max(z, 0)
    body = Ellipse(0, 60 + behind, 18 - 0.02 * z, 15 - 0.02 * z)
    if level < 4.5:
        canvas.ellipse(body, 92)
        canvas.ellipse(body.shrunk(5), 78)
    else:
        plate = 1.0 + 2.2 * float(level < 6.5 or level > 23)
        waist = 1.2 * float(np.sin((level - 4.5) / 20.5 * np.pi))
        canvas.bone(body.shrunk(waist), MARROW + 60 * (plate > 2), 640, 1.2)
        canvas.ellipse(Ellipse(0, 66 + behind, 3, 3.5), 120, strength=0.6)
    _arch(canvas, level, behind)
    canvas.ellipse(Ellipse(0, 82 + behind, 9.5, 8.5), -30)
    canvas.ellipse(Ellipse(0, 82 + behind, 7.8, 7.0), 18)
    canvas.ellipse(Ellipse(0, 82 + behind, 4.8, 4.0), 42)


def _arch(canvas: Canvas, level: float, behind: float) -> None:
    """Paint pedicles, laminae and processes, as far as the level cuts them."""
    for side in SIDES:
        if level > 12:
            canvas.capsule((side * 11, 70 + behind), (side * 13, 82 + behind), 3.6, 620)
            canvas.capsule((side * 11, 70 + behind), (side * 13, 82 + behind), 2.0, 260)
        lamina = (side * 13.0, 83 + behind), (side * 3.0, 96 + behind)
        canvas.capsule(*lamina, 3.6, 820)
        canvas.capsule(*lamina, 1.8, 320)
        if 12 < level < 23:
            process = (side * 14.0, 83 + behind), (side * 31.0, 89 + behind)
            canvas.capsule(*process, 4.4, 720)
            canvas.capsule(*process, 2.6, 240)
        else:
            canvas.bone(Ellipse(side * 14, 86 + behind, 5.5, 4.5, side * 30), 340, 800, 1.4)
    tip = 106 + 8 * (1 - level / thorax.RIB_STEP) + behind
    canvas.capsule((0, 96 + behind), (0, tip), 3.0, 760)
    canvas.capsule((0, 96 + behind), (0, tip), 1.4, 280)


def _ribs(canvas: Canvas, z: float, distance: Any, angle: Any) -> None:
    """Paint all ribs that the plane cuts, and their cartilage in front."""
    height = thorax.rib_height(angle, z, np.sign(canvas.x))
    norm = np.sqrt((height / 6.4) ** 2 + ((distance + 4.0) / 3.7) ** 2)
    depth = (norm - 1) * np.float32(3.7)
    bony = np.clip((0.83 * np.pi - angle) / 0.04, 0, 1) * np.clip((angle - 0.09) / 0.05, 0, 1)
    whole, marrow = coverage(depth), coverage(depth + 1.15)
    canvas.blend(whole * bony, CORTEX)
    canvas.blend(marrow * bony, MARROW - 20)
    front = np.clip((angle - 0.83 * np.pi) / 0.04, 0, 1) * np.clip(
        (0.955 * np.pi - angle) / 0.02, 0, 1
    )
    canvas.blend(whole * front, CARTILAGE)
    rim = np.clip(whole - marrow, 0, 1) * front
    canvas.blend(rim * np.clip(np.sin(angle * 60 + z), 0, 1) * 0.5, 420)


def _sternum(canvas: Canvas, z: float) -> None:
    width = float(np.interp(z, (-100, -70, -50, 0, 30, 55, 80), (4, 9, 17, 18, 15, 26, 22)))
    y = -86 + float(np.interp(z, (-100, 0, 40, 100), (-6, 0, 8, 34)))
    if z < 82:
        canvas.ellipse(Ellipse(0, y, width + 3, 9.5), MUSCLE - 6)
        canvas.bone(Ellipse(0, y, width, 6.6), 120, 520, 1.3)
    if 46 < z < 92:
        for side in SIDES:
            end = Ellipse(30 + 0.9 * (z - 46), y - 1 + 0.1 * (z - 46), 15, 7.5, -14).mirrored(side)
            canvas.bone(end, 190, 760, 1.7)


def _shoulder(canvas: Canvas, z: float) -> None:
    """Paint the shoulder blades between their muscles."""
    if z < -38:
        return
    grow = float(np.clip((z + 38) / 60, 0.15, 1))
    for side in SIDES:
        inner = (side * (104 - 16 * grow), 84 + 0.12 * z)
        outer = (side * (120 + 30 * grow), 66 - 38 * grow + 0.12 * z)
        middle = ((inner[0] + outer[0]) / 2 + side * 5, (inner[1] + outer[1]) / 2 + 5)
        canvas.capsule(inner, outer, 10.5 * grow, FAT)
        canvas.capsule(inner, outer, 9.0 * grow, MUSCLE)
        for start, end in ((inner, middle), (middle, outer)):
            canvas.capsule(start, end, 2.1, 820)
            canvas.capsule(start, end, 0.9, 330)
        canvas.bone(Ellipse(*outer, 3 + 5 * grow, 3 + 3 * grow), 260, 900, 1.6)
        if z > 42:
            spine = (middle, (middle[0] + side * 16, middle[1] + 20))
            canvas.capsule(*spine, 3.2, 780)
            canvas.capsule(*spine, 1.6, 300)


def _heart(canvas: Canvas, z: float) -> None:
    """Paint the pericardium and four chambers, or the roots above them."""
    scale = thorax.heart_scale(z)
    if scale <= 0:
        return
    outline = thorax.heart(scale)
    canvas.ellipse(outline.shrunk(-2.0), MUSCLE - 10, strength=0.8)
    canvas.ellipse(outline.shrunk(-0.4), FAT + 12)
    wall = Ellipse(outline.x - 1.5, outline.y + 2.5, outline.a - 4, outline.b - 3.5, outline.angle)
    canvas.ellipse(wall, MYOCARDIUM)
    if z > -34:
        canvas.ellipse(Ellipse(8, 14, 30 * scale, 15 * scale, 4), BLOOD - 10)
        canvas.ellipse(Ellipse(22, -46, 19 * scale, 12 * scale, -20), BLOOD - 22)
        canvas.ellipse(Ellipse(-24, -16, 14 * scale, 18 * scale, 10), BLOOD - 30)
        canvas.ellipse(Ellipse(2, -14, 18, 18), FAT + 20)
        return
    canvas.ellipse(Ellipse(40, -14, 37 * scale, 20 * scale, -36), BLOOD)
    for along, across in ((0.30, 0.30), (0.42, -0.34)):
        canvas.ellipse(
            Ellipse(
                40 + 40 * along * scale,
                -14 - 30 * along * scale + 18 * across,
                5 * scale,
                3.6 * scale,
                -36,
            ),
            MYOCARDIUM,
        )
    canvas.ellipse(Ellipse(14, -46, 40 * scale, 15 * scale, -24), BLOOD - 22)
    canvas.ellipse(Ellipse(-20, -16, 19 * scale, 24 * scale, 12), BLOOD - 28)
    if z > -62:
        canvas.ellipse(Ellipse(10, 15, 25 * scale, 12 * scale, 6), BLOOD - 10)
    canvas.capsule((-4, -32), (10, 4), 2.2, FAT + 30)


def _great_vessels(canvas: Canvas, z: float) -> None:
    """Paint aorta and caval veins, then what leaves and enters the heart beside them."""
    lean = 0.24 * max(z, 0)
    if z < 36:
        _vessel(canvas, Ellipse(25, 40, 12.5, 12.5), BLOOD)
    if -36 < z < 30:
        canvas.ellipse(Ellipse(-13 + 0.2 * max(30 - abs(z), 0), -18, 17, 16.5), BLOOD)
    elif 30 <= z < thorax.ARCH_TOP:
        canvas.capsule((-12, -14), (4, 12), 14.5, FAT + 20)
        canvas.capsule((-12, -14), (8, 16), 12.8, BLOOD)
        canvas.capsule((8, 16), (23, 36), 12.0, BLOOD)
    elif z >= thorax.ARCH_TOP:
        _branches_of_the_arch(canvas, z, lean)
    if z > -26:
        _vessel(canvas, Ellipse(-31, -6 + lean * 0.6, 8.6, 9.6), BLOOD + 40)
    elif z < -66:
        _vessel(canvas, Ellipse(-26, 16, 12, 10), BLOOD - 50)
    _pulmonary_vessels(canvas, z)
    canvas.ellipse(Ellipse(10, 44 + lean, 2.4, 2.2), BLOOD - 80)


def _branches_of_the_arch(canvas: Canvas, z: float, lean: float) -> None:
    spread = 0.14 * (z - thorax.ARCH_TOP)
    _vessel(canvas, Ellipse(-12 - spread, -8 + lean, 6.8, 6.8), BLOOD)
    _vessel(canvas, Ellipse(7 + spread, 2 + lean, 4.3, 4.3), BLOOD)
    _vessel(canvas, Ellipse(20 + spread, 18 + lean, 5.2, 5.2), BLOOD)
    canvas.capsule((-26, -14 + lean), (18 - z * 0.1, -24 + lean), 5.0, BLOOD + 20)


def _pulmonary_vessels(canvas: Canvas, z: float) -> None:
    if -8 < z < 24:
        canvas.ellipse(Ellipse(20, -30, 14.5, 14), BLOOD - 12)
    if -4 < z < 14:
        canvas.capsule((18, -22), (-18, 2), 8.6, BLOOD - 12)
        canvas.capsule((-18, 2), (-44, 8), 8.0, BLOOD - 12)
    if 8 < z < 26:
        canvas.capsule((22, -22), (42, 6), 9.0, BLOOD - 12)
    if -34 < z < -12:
        for side in SIDES:
            canvas.capsule((side * 26 + 6, 14), (side * 46, 12), 5.6, BLOOD - 14)


def _vessel(canvas: Canvas, shape: Ellipse, value: float) -> None:
    canvas.ellipse(shape.shrunk(-1.4), MUSCLE - 20)
    canvas.ellipse(shape, value)


def _airways(canvas: Canvas, z: float) -> None:
    """Paint trachea, main bronchi and oesophagus."""
    lean = 0.24 * max(z, 0)
    gullet = Ellipse(7, 36 + lean, 8.5, 5.2, 8)
    canvas.ellipse(gullet.shrunk(-1), FAT + 20)
    canvas.ellipse(gullet, 46)
    canvas.ellipse(Ellipse(6, 35 + lean, 2.4, 1.2), -600)
    if z > 4:
        width = 9.5 + 5 * float(np.exp(-(z - 4) / 8))
        canvas.ellipse(Ellipse(-1, 18 + lean, width + 1.7, 10.6), 52)
        canvas.ellipse(Ellipse(-1, 18 + lean, width, 9.0), -990)
    elif z > -16:
        fall = 4 - z
        for side, reach in ((1, 1.7), (-1, 1.3)):
            start = (side * (7 + reach * fall * 0.8), 18.0 - 0.05 * fall)
            end = (start[0] + side * 13, start[1] - 2)
            canvas.capsule(start, end, 7.9, 50)
            canvas.capsule(start, end, 6.4, -990)
    for x, y, top, bottom, size in (
        (-9, -2, 30, 14, 3.6),
        (24, 6, 30, 22, 3.0),
        (3, 26, 2, -18, 4),
    ):
        if bottom < z < top:
            canvas.ellipse(Ellipse(x, y + lean, size * 1.3, size, 20), 48)
