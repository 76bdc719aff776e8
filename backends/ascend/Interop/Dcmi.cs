namespace Glm5.Backends.Ascend.Interop;

/// <summary>The driver's device management interface: it needs no context. 0 is success.</summary>
internal sealed unsafe class Dcmi(CannLibrary library)
{
    private readonly nint _init = library.Require("dcmi_init");
    private readonly nint _getDriverVersion = library.Find("dcmi_get_driver_version");
    private readonly nint _getCardList = library.Require("dcmi_get_card_list");
    private readonly nint _getDeviceNumInCard = library.Require("dcmi_get_device_num_in_card");
    private readonly nint _getChipInfo = library.Find("dcmi_get_device_chip_info_v2");
    private readonly nint _getHbmInfo = library.Find("dcmi_get_device_hbm_info");
    private readonly nint _getHealth = library.Find("dcmi_get_device_health");

    /// <summary>First of all.</summary>
    [CEntry("dcmi_init")]
    public int Init() =>
        ((delegate* unmanaged<int>)_init)();

    /// <summary>The driver's version as text.</summary>
    [CEntry("dcmi_get_driver_version")]
    public int GetDriverVersion(byte* driver_ver, uint len) =>
        ((delegate* unmanaged<byte*, uint, int>)_getDriverVersion)(driver_ver, len);

    /// <summary>True when this CANN has <c>dcmi_get_driver_version</c>.</summary>
    public bool HasGetDriverVersion => _getDriverVersion != 0;

    /// <summary>Ids of the cards.</summary>
    [CEntry("dcmi_get_card_list")]
    public int GetCardList(int* card_num, int* card_list, int list_len) =>
        ((delegate* unmanaged<int*, int*, int, int>)_getCardList)(card_num, card_list, list_len);

    /// <summary>Chips on a card: two on A3, each a device of its own.</summary>
    [CEntry("dcmi_get_device_num_in_card")]
    public int GetDeviceNumInCard(int card_id, int* device_num) =>
        ((delegate* unmanaged<int, int*, int>)_getDeviceNumInCard)(card_id, device_num);

    /// <summary>Type, name and cores of a chip.</summary>
    [CEntry("dcmi_get_device_chip_info_v2")]
    public int GetChipInfo(int card_id, int device_id, DcmiChipInfo* chip_info) =>
        ((delegate* unmanaged<int, int, DcmiChipInfo*, int>)_getChipInfo)(card_id, device_id, chip_info);

    /// <summary>True when this CANN has <c>dcmi_get_device_chip_info_v2</c>.</summary>
    public bool HasGetChipInfo => _getChipInfo != 0;

    /// <summary>Its memory, in MB.</summary>
    [CEntry("dcmi_get_device_hbm_info")]
    public int GetHbmInfo(int card_id, int device_id, DcmiHbmInfo* hbm_info) =>
        ((delegate* unmanaged<int, int, DcmiHbmInfo*, int>)_getHbmInfo)(card_id, device_id, hbm_info);

    /// <summary>True when this CANN has <c>dcmi_get_device_hbm_info</c>.</summary>
    public bool HasGetHbmInfo => _getHbmInfo != 0;

    /// <summary>0 healthy, 1 to 3 ever worse, more: unknown.</summary>
    [CEntry("dcmi_get_device_health")]
    public int GetHealth(int card_id, int device_id, uint* health) =>
        ((delegate* unmanaged<int, int, uint*, int>)_getHealth)(card_id, device_id, health);

    /// <summary>True when this CANN has <c>dcmi_get_device_health</c>.</summary>
    public bool HasGetHealth => _getHealth != 0;
}
