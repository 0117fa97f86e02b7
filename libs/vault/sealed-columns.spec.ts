import { describe, expect, it } from 'vitest';

import { INSTALLATION_ID } from '#core';

import { installationSealedColumn, sealedColumn } from './sealed-columns.js';

class Sample {
  id: string;
  tenantId: string;
  secret: Buffer;
}

class InstallationSample {
  name: string;
  value: Buffer;
}

const column = sealedColumn(Sample, { purpose: 'sample', column: 'secret' });
const other = sealedColumn(Sample, { purpose: 'other', column: 'secret' });
const ofInstallation = installationSealedColumn(InstallationSample, {
  purpose: 'sample',
  column: 'value',
  idColumn: 'name',
});

describe('the place of a sealed value', () => {
  it('the place of a sealed value names tenant, purpose, record and column', () => {
    expect(column.place('tenant-1', 'record-1')).toEqual({
      tenantId: 'tenant-1',
      purpose: 'sample',
      recordId: 'record-1',
      column: 'secret',
    });
  });

  it.each([
    ['another tenant', column.place('tenant-2', 'record-1')],
    ['another record', column.place('tenant-1', 'record-2')],
    ['another purpose', other.place('tenant-1', 'record-1')],
    ['the installation', ofInstallation.place('tenant-1', 'record-1')],
  ])('the place of a sealed value differs for %s', (_, place) => {
    expect(place).not.toEqual(column.place('tenant-1', 'record-1'));
  });

  it('the place of a sealed value of the installation is in no tenant, whatever tenant is asked for', () => {
    expect(ofInstallation.place('tenant-1', 'pepper')).toEqual({
      tenantId: INSTALLATION_ID,
      purpose: 'sample',
      recordId: 'pepper',
      column: 'value',
    });
  });
});

describe('the declaration of a sealed column', () => {
  it('the declaration of a sealed column says where re-sealing finds its rows', () => {
    expect(column).toMatchObject({ entity: Sample, column: 'secret', idColumn: 'id', ofInstallation: false });
    expect(ofInstallation).toMatchObject({
      entity: InstallationSample,
      column: 'value',
      idColumn: 'name',
      ofInstallation: true,
    });
  });
});
