#include "harness.h"

CASE(the_driver_names_the_soc_that_the_runtime_names)
{
    OK(CANN(dcmi_init)());
    int count = 0;
    int list[16];
    OK(CANN(dcmi_get_card_list)(&count, list, 16));
    EXPECT(count == 8);
    int devices = 0;
    OK(CANN(dcmi_get_device_num_in_card)(0, &devices));
    dcmi_chip_info_v2 chip;
    OK(CANN(dcmi_get_device_chip_info_v2)(7, devices - 1, &chip));
    const std::string type = reinterpret_cast<char *>(chip.chip_type);
    const std::string name = reinterpret_cast<char *>(chip.chip_name);
    const std::string npu = reinterpret_cast<char *>(chip.npu_name);
    EXPECT((devices == 1 ? type + name : name + "_" + npu) == CANN(aclrtGetSocName)());
    uint32_t visible = 0;
    OK(CANN(aclrtGetDeviceCount)(&visible));
    EXPECT(static_cast<int>(visible) == count * devices);
    dcmi_hbm_info memory;
    OK(CANN(dcmi_get_device_hbm_info)(0, 0, &memory));
    EXPECT(memory.memory_size == 65536);
    EXPECT_CODE(-8001, CANN(dcmi_get_device_hbm_info)(8, 0, &memory));
}
