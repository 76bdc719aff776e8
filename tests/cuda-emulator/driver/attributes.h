#pragma once

/// The value of a CUdevice_attribute; refuses numbers that the reference does not list.
int device_attribute(int attribute, int device);
