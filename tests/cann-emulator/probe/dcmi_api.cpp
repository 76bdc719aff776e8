// The driver's management interface, as libdcmi answers on the profile's machine: on A3 a card holds two devices (dies). Names and units as the
// table's dcmi structures; sizes of memory in MB, as npu-smi prints them.
#include <cstdio>
#include <cstring>

#include "abi_functions.h"
#include "runtime/device.h"
#include "runtime/memory.h"
#include "runtime/profile.h"
#include "runtime/refusal.h"

namespace emu {

namespace {

constexpr int kBadParameter = -8001;

int devices_per_card()
{
    return profile().platform[1] == '3' ? 2 : 1;
}

int cards()
{
    return profile().devices / devices_per_card();
}

/// The logic id of a chip; ASCEND_RT_VISIBLE_DEVICES has no say here.
int logic_id(int card, int device)
{
    if (card < 0 || card >= cards() || device < 0 || device >= devices_per_card()) {
        refuse(kBadParameter, "card %d device %d: this machine has %d cards of %d devices", card, device, cards(), devices_per_card());
    }
    return card * devices_per_card() + device;
}

void put(unsigned char *to, const char *text)
{
    std::snprintf(reinterpret_cast<char *>(to), 32, "%s", text);
}

} // namespace

int dcmi_init()
{
    return 0;
}

int dcmi_get_dcmi_version(char *dcmi_ver, unsigned int len)
{
    std::snprintf(dcmi_ver, len, "%s", profile().driver);
    return 0;
}

int dcmi_get_driver_version(char *driver_ver, unsigned int len)
{
    std::snprintf(driver_ver, len, "%s", profile().driver);
    return 0;
}

int dcmi_get_card_list(int *card_num, int *card_list, int list_len)
{
    *card_num = cards();
    for (int i = 0; i < cards() && i < list_len; i++) {
        card_list[i] = i;
    }
    return 0;
}

int dcmi_get_card_num_list(int *card_num, int *card_list, int list_len)
{
    return dcmi_get_card_list(card_num, card_list, list_len);
}

int dcmi_get_device_num_in_card(int card_id, int *device_num)
{
    logic_id(card_id, 0);
    *device_num = devices_per_card();
    return 0;
}

int dcmi_get_device_id_in_card(int card_id, int *device_id_max, int *mcu_id, int *cpu_id)
{
    logic_id(card_id, 0);
    *device_id_max = devices_per_card();
    *mcu_id = *cpu_id = -1;
    return 0;
}

int dcmi_get_device_chip_info_v2(int card_id, int device_id, struct dcmi_chip_info_v2 *chip_info)
{
    logic_id(card_id, device_id);
    std::memset(chip_info, 0, sizeof(*chip_info));
    // A2: the soc's name is type + name; A3: name + "_" + npu name.
    put(chip_info->chip_type, "Ascend");
    put(chip_info->chip_name, profile().chip);
    put(chip_info->chip_ver, "V1");
    const char *npu = std::strchr(profile().soc, '_');
    put(chip_info->npu_name, npu == nullptr ? "" : npu + 1);
    chip_info->aicore_cnt = static_cast<unsigned int>(profile().cubeCores);
    return 0;
}

int dcmi_get_device_pcie_info_v2(int card_id, int device_id, struct dcmi_pcie_info_all *pcie_info)
{
    std::memset(pcie_info, 0, sizeof(*pcie_info));
    pcie_info->venderid = 0x19e5;
    pcie_info->bdf_busid = static_cast<unsigned int>(0x10 + logic_id(card_id, device_id));
    return 0;
}

int dcmi_get_device_board_info(int card_id, int device_id, struct dcmi_board_info *board_info)
{
    logic_id(card_id, device_id);
    std::memset(board_info, 0, sizeof(*board_info));
    board_info->slot_id = static_cast<unsigned int>(card_id);
    return 0;
}

int dcmi_get_device_health(int card_id, int device_id, unsigned int *health)
{
    const int id = logic_id(card_id, device_id);
    *health = id < device_count() && device_at(id)->lost ? 3 : 0; // 3: critical, 0: healthy
    return 0;
}

int dcmi_get_device_errorcode_v2(int card_id, int device_id, int *error_count, unsigned int *, unsigned int)
{
    logic_id(card_id, device_id);
    *error_count = 0;
    return 0;
}

int dcmi_get_device_power_info(int card_id, int device_id, int *power)
{
    logic_id(card_id, device_id);
    *power = 900; // tenths of a watt
    return 0;
}

int dcmi_get_device_temperature(int card_id, int device_id, int *temperature)
{
    logic_id(card_id, device_id);
    *temperature = 40;
    return 0;
}

int dcmi_get_device_hbm_info(int card_id, int device_id, struct dcmi_hbm_info *hbm_info)
{
    const int id = logic_id(card_id, device_id);
    std::memset(hbm_info, 0, sizeof(*hbm_info));
    hbm_info->memory_size = device_memory::capacity(id) >> 20;
    hbm_info->memory_usage = device_memory::used(id) >> 20;
    hbm_info->freq = 1600;
    hbm_info->temp = 40;
    return 0;
}

int dcmi_get_device_memory_info_v3(int card_id, int device_id, struct dcmi_get_memory_info_stru *memory_info)
{
    logic_id(card_id, device_id);
    std::memset(memory_info, 0, sizeof(*memory_info)); // no DDR beside the HBM
    return 0;
}

int dcmi_get_device_utilization_rate(int card_id, int device_id, int, unsigned int *utilization_rate)
{
    logic_id(card_id, device_id);
    *utilization_rate = 0;
    return 0;
}

int dcmi_get_device_logic_id(int *device_logic_id, int card_id, int device_id)
{
    *device_logic_id = logic_id(card_id, device_id);
    return 0;
}

int dcmi_get_device_phyid_from_logicid(unsigned int logicid, unsigned int *phyid)
{
    if (logicid >= static_cast<unsigned int>(profile().devices)) {
        refuse(kBadParameter, "logic id %u of %d devices", logicid, profile().devices);
    }
    *phyid = logicid;
    return 0;
}

int dcmi_get_product_type(int card_id, int device_id, char *product_type_str, int buf_size)
{
    logic_id(card_id, device_id);
    std::snprintf(product_type_str, static_cast<size_t>(buf_size), "%s", profile().platform[1] == '3' ? "Atlas 900 A3" : "Atlas 800T A2");
    return 0;
}

} // namespace emu
