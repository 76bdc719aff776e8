// Mathematical functions of the CUDA math reference that kernels without headers may call. Values are the host library's: within the
// error bounds that the programming guide's appendix gives, never bit for bit a GPU's.
extern "C" {
#define CUDA_EMULATOR_UNARY(name) \
    float name##f(float); \
    double name(double);
#define CUDA_EMULATOR_BINARY(name) \
    float name##f(float, float); \
    double name(double, double);
CUDA_EMULATOR_UNARY(sqrt) CUDA_EMULATOR_UNARY(cbrt) CUDA_EMULATOR_UNARY(exp) CUDA_EMULATOR_UNARY(exp2) CUDA_EMULATOR_UNARY(expm1)
CUDA_EMULATOR_UNARY(log) CUDA_EMULATOR_UNARY(log2) CUDA_EMULATOR_UNARY(log10) CUDA_EMULATOR_UNARY(log1p) CUDA_EMULATOR_UNARY(sin)
CUDA_EMULATOR_UNARY(cos) CUDA_EMULATOR_UNARY(tan) CUDA_EMULATOR_UNARY(asin) CUDA_EMULATOR_UNARY(acos) CUDA_EMULATOR_UNARY(atan)
CUDA_EMULATOR_UNARY(sinh) CUDA_EMULATOR_UNARY(cosh) CUDA_EMULATOR_UNARY(tanh) CUDA_EMULATOR_UNARY(erf) CUDA_EMULATOR_UNARY(erfc)
CUDA_EMULATOR_UNARY(fabs) CUDA_EMULATOR_UNARY(floor) CUDA_EMULATOR_UNARY(ceil) CUDA_EMULATOR_UNARY(trunc) CUDA_EMULATOR_UNARY(round)
CUDA_EMULATOR_UNARY(rint) CUDA_EMULATOR_UNARY(nearbyint)
CUDA_EMULATOR_BINARY(fmax) CUDA_EMULATOR_BINARY(fmin) CUDA_EMULATOR_BINARY(fmod) CUDA_EMULATOR_BINARY(pow) CUDA_EMULATOR_BINARY(atan2)
CUDA_EMULATOR_BINARY(hypot) CUDA_EMULATOR_BINARY(copysign) CUDA_EMULATOR_BINARY(fdim) CUDA_EMULATOR_BINARY(remainder)
float fmaf(float, float, float);
double fma(double, double, double);
float ldexpf(float, int);
double ldexp(double, int);
float frexpf(float, int *);
double frexp(double, int *);
int abs(int) noexcept;
}
#undef CUDA_EMULATOR_UNARY
#undef CUDA_EMULATOR_BINARY

// Unqualified names take both types, as in CUDA C++.
#define CUDA_EMULATOR_OVERLOAD(name) \
    inline float name(float x) { return name##f(x); }
CUDA_EMULATOR_OVERLOAD(sqrt) CUDA_EMULATOR_OVERLOAD(exp) CUDA_EMULATOR_OVERLOAD(exp2) CUDA_EMULATOR_OVERLOAD(log)
CUDA_EMULATOR_OVERLOAD(log2) CUDA_EMULATOR_OVERLOAD(sin) CUDA_EMULATOR_OVERLOAD(cos) CUDA_EMULATOR_OVERLOAD(tanh)
CUDA_EMULATOR_OVERLOAD(fabs) CUDA_EMULATOR_OVERLOAD(floor) CUDA_EMULATOR_OVERLOAD(ceil) CUDA_EMULATOR_OVERLOAD(trunc)
CUDA_EMULATOR_OVERLOAD(round) CUDA_EMULATOR_OVERLOAD(rint)
#undef CUDA_EMULATOR_OVERLOAD
inline float pow(float x, float y) { return powf(x, y); }
inline float fma(float x, float y, float z) { return fmaf(x, y, z); }
inline float fmax(float x, float y) { return fmaxf(x, y); }
inline float fmin(float x, float y) { return fminf(x, y); }
inline float abs(float x) { return fabsf(x); }
inline double abs(double x) { return fabs(x); }
inline long long abs(long long x) { return x < 0 ? -x : x; }

inline float rsqrtf(float x) { return static_cast<float>(1.0 / sqrt(static_cast<double>(x))); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float rcbrtf(float x) { return 1.0f / cbrtf(x); }
inline float exp10f(float x) { return powf(10.0f, x); }
inline float sinpif(float x) { return static_cast<float>(sin(3.14159265358979323846 * x)); }
inline float cospif(float x) { return static_cast<float>(cos(3.14159265358979323846 * x)); }
inline void sincosf(float x, float *s, float *c) { *s = sinf(x); *c = cosf(x); }
inline void sincospif(float x, float *s, float *c) { *s = sinpif(x); *c = cospif(x); }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return exp10f(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return rsqrtf(x); }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678118654752440f); }

// Roundings that the compiler must not contract into a multiply-add.
#define CUDA_EMULATOR_EXACT(name, type, expression) \
    __attribute__((noinline, optimize("fp-contract=off"))) inline type name(type x, type y) { return expression; }
CUDA_EMULATOR_EXACT(__fadd_rn, float, x + y)
CUDA_EMULATOR_EXACT(__fsub_rn, float, x - y)
CUDA_EMULATOR_EXACT(__fmul_rn, float, x * y)
CUDA_EMULATOR_EXACT(__fdiv_rn, float, x / y)
CUDA_EMULATOR_EXACT(__dadd_rn, double, x + y)
CUDA_EMULATOR_EXACT(__dsub_rn, double, x - y)
CUDA_EMULATOR_EXACT(__dmul_rn, double, x * y)
CUDA_EMULATOR_EXACT(__ddiv_rn, double, x / y)
#undef CUDA_EMULATOR_EXACT

#define isnan(x) __builtin_isnan(x)
#define isinf(x) (__builtin_isinf(x) != 0)
#define isfinite(x) __builtin_isfinite(x)
#define signbit(x) (__builtin_signbit(x) != 0)
