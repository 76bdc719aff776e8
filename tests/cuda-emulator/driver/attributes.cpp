// CUdevice_attribute of the driver API reference; limits from the programming guide's table "Technical specifications per compute capability".
#include "driver/attributes.h"

#include "core/profile.h"
#include "core/refusal.h"
#include "core/shared_memory.h"

int device_attribute(int attribute, int device)
{
    const emu::Profile &card = emu::profile();
    switch (attribute) {
    case 1: return 1024;                // MAX_THREADS_PER_BLOCK
    case 2: return 1024;                // MAX_BLOCK_DIM_X
    case 3: return 1024;                // MAX_BLOCK_DIM_Y
    case 4: return 64;                  // MAX_BLOCK_DIM_Z
    case 5: return 2147483647;          // MAX_GRID_DIM_X
    case 6: return 65535;               // MAX_GRID_DIM_Y
    case 7: return 65535;               // MAX_GRID_DIM_Z
    case 8: return emu::SharedMemory::kStaticLimit; // MAX_SHARED_MEMORY_PER_BLOCK
    case 9: return 65536;               // TOTAL_CONSTANT_MEMORY
    case 10: return 32;                 // WARP_SIZE
    case 11: return 2147483647;         // MAX_PITCH
    case 12: return 65536;              // MAX_REGISTERS_PER_BLOCK
    case 13: return card.clockKilohertz;
    case 14: return 512;                // TEXTURE_ALIGNMENT
    case 15: return 1;                  // GPU_OVERLAP
    case 16: return card.processors;
    case 17: return 0;                  // KERNEL_EXEC_TIMEOUT
    case 18: return 0;                  // INTEGRATED
    case 19: return 1;                  // CAN_MAP_HOST_MEMORY
    case 20: return 0;                  // COMPUTE_MODE
    case 31: return 1;                  // CONCURRENT_KERNELS
    case 32: return 1;                  // ECC_ENABLED
    case 33: return 0x10 + device;      // PCI_BUS_ID
    case 34: return 0;                  // PCI_DEVICE_ID
    case 35: return 0;                  // TCC_DRIVER
    case 36: return card.memoryClockKilohertz;
    case 37: return card.busBits;
    case 38: return card.l2Bytes;
    case 39: return 2048;               // MAX_THREADS_PER_MULTIPROCESSOR
    case 40: return 3;                  // ASYNC_ENGINE_COUNT
    case 41: return 1;                  // UNIFIED_ADDRESSING
    case 50: return 0;                  // PCI_DOMAIN_ID
    case 75: return card.major;
    case 76: return card.minor;
    case 78: return 1;                  // STREAM_PRIORITIES_SUPPORTED
    case 79: return 1;                  // GLOBAL_L1_CACHE_SUPPORTED
    case 80: return 1;                  // LOCAL_L1_CACHE_SUPPORTED
    case 81: return 228 << 10;          // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    case 82: return 65536;              // MAX_REGISTERS_PER_MULTIPROCESSOR
    case 83: return 0;                  // MANAGED_MEMORY: the emulator has none
    case 84: return 0;                  // MULTI_GPU_BOARD
    case 86: return 1;                  // HOST_NATIVE_ATOMIC_SUPPORTED
    case 88: return 0;                  // PAGEABLE_MEMORY_ACCESS
    case 89: return 0;                  // CONCURRENT_MANAGED_ACCESS
    case 90: return 1;                  // COMPUTE_PREEMPTION_SUPPORTED
    case 91: return 1;                  // CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM
    case 95: return 0;                  // COOPERATIVE_LAUNCH: not emulated
    case 97: return emu::SharedMemory::kDynamicLimit; // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    case 99: return 1;                  // HOST_REGISTER_SUPPORTED
    case 102: return 0;                 // VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED: not emulated
    case 106: return 32;                // MAX_BLOCKS_PER_MULTIPROCESSOR
    case 108: return 0;                 // MAX_PERSISTING_L2_CACHE_SIZE
    case 109: return 0;                 // MAX_ACCESS_POLICY_WINDOW_SIZE
    case 111: return 1024;              // RESERVED_SHARED_MEMORY_PER_BLOCK
    case 115: return 1;                 // MEMORY_POOLS_SUPPORTED
    case 116: return 0;                 // GPU_DIRECT_RDMA_SUPPORTED
    case 120: return 0;                 // CLUSTER_LAUNCH: not emulated
    case 132: return 0;                 // MULTICAST_SUPPORTED: not emulated
    default:
        if (attribute > 0 && attribute < 138) {
            return 0;
        }
        emu::refuse(CUDA_ERROR_INVALID_VALUE, "%d is no device attribute", attribute);
    }
}
