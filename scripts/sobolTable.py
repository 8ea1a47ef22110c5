"""Writes src/samplers/sobol/directionNumbers.ts from the Joe-Kuo table that SciPy carries (pip install scipy).

Run: python scripts/sobolTable.py > src/samplers/sobol/directionNumbers.ts
"""

import base64
import os

import numpy
import scipy.stats

dimensions = 1111
line = 112

table = numpy.load(os.path.join(os.path.dirname(scipy.stats.__file__), "_sobol_direction_numbers.npz"))
numbers = []
for polynomial, initial in list(zip(table["poly"], table["vinit"]))[1:dimensions]:
    degree = int(polynomial).bit_length() - 1
    numbers += [int(polynomial), *(int(m) for m in initial[:degree])]

packed = bytearray()
for number in numbers:
    while number >= 128:
        packed.append(number % 128 + 128)
        number //= 128
    packed.append(number)
text = base64.b64encode(bytes(packed)).decode()

print(
    f"""/**
 * Primitive polynomials and initial direction numbers of dimensions 2 to {dimensions}: the table new-joe-kuo-6 of S. Joe and
 * F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008).
 * Written by scripts/sobolTable.py. Invariant: for each dimension its polynomial (with leading and constant bit), then as
 * many numbers as its degree; each a base-128 varint, low part first, all in base64.
 */
export const tableDimensions = {dimensions};

export const packedDirections = ["""
)
for at in range(0, len(text), line):
    print(f'  "{text[at : at + line]}",')
print('].join("");')
