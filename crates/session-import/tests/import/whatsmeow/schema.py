"""Makes an empty database as whatsmeow does, without a connection to anything.
Usage: schema.py NEONIZE_FOLDER DATABASE

neonize is whatsmeow in a shared library; listing a store's devices creates the store.
"""

import ctypes
import glob
import os
import sys

folder, database = sys.argv[1:]
(library,) = glob.glob(os.path.join(folder, "neonize-*"))
log = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
listing = ctypes.CDLL(library).GetAllDevices
listing.argtypes = [ctypes.c_char_p, log]
listing.restype = ctypes.c_void_p
listing(database.encode(), log(lambda text, length: None))
