/* Wires the rooms together; the only file that knows everyone. */
#include "backend_postgres/driver.h"
#include "backend_sqlite/driver.h"
#include "base/json.h"
#include "base/random.h"
#include "cli/cli.h"
#include "records/init.h"
#include "storage/db.h"

int main(int argc, char **argv)
{
    random_init();
    json_init();
    records_init();
    db_register_driver(&sqlite_driver);
    db_register_driver(&postgres_driver);
    return cli_main(argc, argv);
}
