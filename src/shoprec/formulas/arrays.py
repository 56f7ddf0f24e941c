"""Types of the arrays that formulas read and return."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.floating]
Codes = npt.NDArray[np.integer]  #: numbers of households, products or baskets, from 0
Mask = npt.NDArray[np.bool_]
Sparse = sparse.sparray | sparse.spmatrix
Matrix = npt.ArrayLike | Sparse  #: what a caller may pass where rows are vectors
Rows = Floats | sparse.csr_array  #: what it becomes inside
