#!/usr/bin/env python3
"""Makes data/land.txt, the outlines of land on the map, of Natural Earth's.

    make_land.py land-110m.json > data/land.txt

The input is TopoJSON, as the package world-atlas 2.0.2 has it. A line of the output is one outline:
longitude and latitude of its points in twentieths of a degree, each less that of the point before,
zigzag (0, -1, 1, -2, ...), in digits of five bits, the first counts least, and 32 more says that
another follows; the digit d is the character that stands d behind '0'. Outlines go on beyond
180 degrees, so that none jumps across the map; that of Antarctica is closed at the pole.
"""
import json
import sys

PER_DEGREE = 20


def arcs_of(topology):
    """Each arc's points, in degrees."""
    (scale_x, scale_y), (shift_x, shift_y) = (topology['transform'][key]
                                              for key in ('scale', 'translate'))
    for arc in topology['arcs']:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * scale_x + shift_x, y * scale_y + shift_y))
        yield points


def rings_of(topology):
    """The outlines of all polygons, each a list of points."""
    arcs = list(arcs_of(topology))
    for shape in topology['objects']['land']['geometries']:
        polygons = shape['arcs'] if shape['type'] == 'MultiPolygon' else [shape['arcs']]
        for polygon in polygons:
            for ring in polygon:
                points = []
                for arc in ring:
                    part = arcs[arc] if arc >= 0 else arcs[~arc][::-1]
                    points += part[1:] if points else part
                yield points


def unwrapped(ring):
    """The same without jumps from one side of the map to the other."""
    points = [ring[0]]
    for x, y in ring[1:]:
        before = points[-1][0]
        while x - before > 180:
            x -= 360
        while before - x > 180:
            x += 360
        points.append((x, y))
    around = points[-1][0] - points[0][0]
    if abs(around) > 180:  # Once around a pole.
        pole = -90 if points[0][1] < 0 else 90
        points += [(points[-1][0], pole), (points[0][0], pole), points[0]]
    shift = 360 if min(x for x, _ in points) < -180 - 1e-9 else 0
    return [(x + shift, y) for x, y in points]


def simplified(points):
    """In whole units, without points that fall together or lie on a straight line."""
    units = [(round(x * PER_DEGREE), round(y * PER_DEGREE)) for x, y in points]
    kept = []
    for point in units:
        if kept and kept[-1] == point:
            continue
        while len(kept) > 1:
            (ax, ay), (bx, by) = kept[-2:]
            if (bx - ax) * (point[1] - ay) != (by - ay) * (point[0] - ax):
                break
            kept.pop()
        kept.append(point)
    return kept


def digits(value):
    value = value * 2 if value >= 0 else -value * 2 - 1
    text = ''
    while value >= 32:
        text += chr(ord('0') + 32 + value % 32)
        value //= 32
    return text + chr(ord('0') + value)


def main(path):
    with open(path, encoding='utf-8') as file:
        topology = json.load(file)
    for ring in rings_of(topology):
        before = (0, 0)
        text = ''
        points = simplified(unwrapped(ring))
        if len(points) < 4:
            continue
        for point in points[:-1]:
            text += digits(point[0] - before[0]) + digits(point[1] - before[1])
            before = point
        print(text)


if __name__ == '__main__':
    main(*sys.argv[1:])
