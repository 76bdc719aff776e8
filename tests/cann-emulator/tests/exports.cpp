#include <fstream>
#include <set>

#include "harness.h"

namespace {

std::set<std::string> names_in(const std::string &path)
{
    std::ifstream file(path);
    std::set<std::string> names;
    for (std::string word; file >> word;) {
        if (word.size() > 1 && word.back() == ';' && word != "*;" && word != "};") {
            names.insert(word.substr(0, word.size() - 1));
        }
    }
    return names;
}

} // namespace

CASE(every_symbol_of_the_profile_resolves)
{
    size_t found = 0;
    for (const char *library : {"ascendcl", "acl_rt", "nnopbase", "opapi", "opapi_math", "opapi_nn", "opapi_transformer", "hccl", "hcomm", "dcmi"}) {
        for (const std::string &name : names_in(g_maps + "/" + library + ".map")) {
            if (!g_stand->has(name.c_str())) {
                throw Failure(name + " does not resolve");
            }
            found++;
        }
    }
    EXPECT(found > 500);
}

CASE(symbols_that_a_profile_lacks_do_not_resolve)
{
    const bool oldest = g_maps.find("8.1") != std::string::npos;
    const bool newest = g_maps.find("9.1") != std::string::npos;
    EXPECT(g_stand->has("aclrtMalloc") && g_stand->has("aclnnMm") && g_stand->has("HcclAllReduce") && g_stand->has("dcmi_init"));
    EXPECT(g_stand->has("aclrtGetDeviceInfo") != oldest);
    EXPECT(g_stand->has("aclnnLightningIndexerGetWorkspaceSize") != oldest);
    EXPECT(g_stand->has("aclnnMlaPrologV3WeightNz") != oldest);
    EXPECT(g_stand->has("aclmdlRIUpdate") == newest);
    EXPECT(g_stand->has("aclnnMoeFinalizeRoutingV3") == newest);
    EXPECT(!g_stand->has("aclnnRmsNormDynamicQuant")); // development branch only
}

CASE(an_unimplemented_operator_refuses_by_name)
{
    uint64_t size = 0;
    aclOpExecutor *executor = nullptr;
    EXPECT_CODE(561003, CANN(aclnnUnique2GetWorkspaceSize)(nullptr, false, false, false, nullptr, nullptr, nullptr, &size, &executor));
    EXPECT(std::strstr(CANN(aclGetRecentErrMsg)(), "aclnnUnique2") != nullptr);
    EXPECT(CANN(aclGetRecentErrMsg)() == nullptr);
}
