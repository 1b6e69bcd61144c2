/* Loadable drivers: a shared object that exports tether_storage_driver() (include/tether/storage.h).
 *
 * A module is never unmapped again: what it brought along (an engine's client library, its threads, its exit
 * handlers) need not survive that. */
#include <dlfcn.h>

#include "storage/internal.h"

#define ENTRY_POINT "tether_storage_driver"

static enum storage_status refuse(void *module, struct storage_error *error, const char *path,
                                  const char *why)
{
    if (module)
        dlclose(module);
    return error_set(error, STORAGE_ERROR, "storage module %s: %s", path, why);
}

enum storage_status module_load(const char *path, void **ret_module, const struct storage_driver **ret,
                                struct storage_error *error)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!module)
        return refuse(NULL, error, path, dlerror());
    tether_storage_driver_fn entry;
    void *symbol = dlsym(module, ENTRY_POINT);
    if (!symbol)
        return refuse(module, error, path, "it does not export " ENTRY_POINT "()");
    memcpy(&entry, &symbol, sizeof(entry)); /* ISO C has no cast from object to function pointer */
    const struct storage_driver *driver = entry();
    if (!driver)
        return refuse(module, error, path, ENTRY_POINT "() returned no driver");
    struct storage_error flaw;
    if (!driver_check(driver, &flaw))
        return refuse(module, error, path, flaw.text);
    *ret_module = module;
    *ret = driver;
    return STORAGE_OK;
}
