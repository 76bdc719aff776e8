#pragma once

namespace emu {

// The status codes that the emulator answers with; meanings in the ABI table (error_codes).
constexpr int kInvalidParameter = 100000;
constexpr int kUninitialised = 100001;
constexpr int kRepeatInitialise = 100002;
constexpr int kUnsupported = 200001;
constexpr int kRtParameter = 107000;
constexpr int kRtDevice = 107001;
constexpr int kRtContextNull = 107002;
constexpr int kRtStreamContext = 107003;
constexpr int kRtMemoryType = 107016;
constexpr int kRtHandle = 107017;
constexpr int kRtTaskAbort = 107022;
constexpr int kCaptureUnjoined = 107025;
constexpr int kStreamCaptured = 107027;
constexpr int kEventCaptured = 107028;
constexpr int kStreamNotCaptured = 107029;
constexpr int kCaptureMode = 107030;
constexpr int kCaptureImplicit = 107031;
constexpr int kCaptureConflict = 107032;
constexpr int kCaptureUnmatched = 107036;
constexpr int kCaptureThread = 107038;
constexpr int kCaptureBlockAsync = 107041;
constexpr int kRtFeature = 207000;
constexpr int kRtMemoryAllocation = 207001;
constexpr int kRtMemoryFree = 207002;
constexpr int kRtNoDevice = 207004;
constexpr int kRtNoStream = 207008;
constexpr int kLostHeartbeat = 507010;
constexpr int kModelExecute = 507011;
constexpr int kAicoreException = 507015;
constexpr int kVectorException = 507035;
constexpr int kStreamSyncTimeout = 507046;
constexpr int kEventSyncTimeout = 507047;
constexpr int kDeviceMemoryError = 507053;
constexpr int kNnNull = 161001;
constexpr int kNnInvalid = 161002;
constexpr int kNnRuntime = 361001;
constexpr int kNnInner = 561000;
constexpr int kNnTiling = 561002;
constexpr int kNnNoKernel = 561003;
constexpr int kNnExecutor = 561101;
constexpr int kNnInnerNull = 561103;
constexpr int kNnOppPath = 561107;

} // namespace emu
