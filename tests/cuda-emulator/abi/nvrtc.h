#pragma once
#include <cstddef>

#include "abi/driver.h"

// Types and functions of the NVRTC documentation.
using nvrtcProgram = struct _nvrtcProgram *;

enum nvrtcResult : int {
    NVRTC_SUCCESS = 0,
    NVRTC_ERROR_OUT_OF_MEMORY = 1,
    NVRTC_ERROR_PROGRAM_CREATION_FAILURE = 2,
    NVRTC_ERROR_INVALID_INPUT = 3,
    NVRTC_ERROR_INVALID_PROGRAM = 4,
    NVRTC_ERROR_INVALID_OPTION = 5,
    NVRTC_ERROR_COMPILATION = 6,
    NVRTC_ERROR_BUILTIN_OPERATION_FAILURE = 7,
    NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION = 8,
    NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION = 9,
    NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID = 10,
    NVRTC_ERROR_INTERNAL_ERROR = 11
};

CUDA_EXPORT const char *nvrtcGetErrorString(nvrtcResult result);
CUDA_EXPORT nvrtcResult nvrtcVersion(int *major, int *minor);
CUDA_EXPORT nvrtcResult nvrtcGetNumSupportedArchs(int *count);
CUDA_EXPORT nvrtcResult nvrtcGetSupportedArchs(int *architectures);
CUDA_EXPORT nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *source, const char *name, int count, const char *const *headers,
    const char *const *names);
CUDA_EXPORT nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program);
CUDA_EXPORT nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int count, const char *const *options);
CUDA_EXPORT nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, size_t *size);
CUDA_EXPORT nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char *log);
CUDA_EXPORT nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *size);
CUDA_EXPORT nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *cubin);
CUDA_EXPORT nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *size);
CUDA_EXPORT nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *ptx);
CUDA_EXPORT nvrtcResult nvrtcAddNameExpression(nvrtcProgram program, const char *expression);
CUDA_EXPORT nvrtcResult nvrtcGetLoweredName(nvrtcProgram program, const char *expression, const char **name);
