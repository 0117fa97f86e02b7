/**
 * What the five documents and an independent implementation (Python: `hmac`, `json`, `cryptography`) say, for one instant,
 * one RSA key and one secret. Made once; the code under test had no part in it.
 */
export const GOLDEN = {
  now: 1767225600000,
  uuid: '6f1c2f0e-4a55-4c86-9f5e-0f0f5a0e9c11',
  kid: '3343c158-d371-41cd-be7d-d8b3cb133445',
  /** For tests only; it guards nothing. */
  privateKeyPem: `-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC7gHcoJut6a+vP
hn6X2UyunDYUya1E2S25hbwPsKIkJ2+QcAFDKGFKsLdBCUjUihJzmKMDX3eibOff
Vh4suhTDtzQfVZB+MutMAgfMYwL1LYZYnmlAt5Iq6MkTf1+e97b+iTu7w1J+H73s
D83vADHHJQT7rsMsb5yzWskBmBQae5mmusmNm/Ua7aC02t+9UU6dAN+vmU3Gh26m
lrOYiFUK2ae4o3HgDi+TJ+8tJAHTfx1YEcmMxTr3kLpodQws4y6qggl/cmZMbA6P
9CXV65kok3eiU6k/PYphpWF3SSzz0jGvqZ3byBTSuyE6v1pCJXoLLhx7+uVC5QNq
OPGupcYhAgMBAAECggEABnDqpvsfSmdRWcxZpkcVYUeF0WpUL3Hz0NRimiS2jTNl
m7qdRdH/SvI4eV14867X5MIGPOQXV1cSaBOsmbC9bIkV8KBJ2cFPX/RkkYWH4SWd
NdzLP36O4OEk9yyAURUFY50R65NReXpcVd2nygwMVGEAg3zaFjlcqAn4WburBSB8
Av46dFBXSKm7d3/4/tJTiYW+VpJUiyAqj9FRrHbhSjDWDf6nfIQsgsGfN78JM/5G
LXsZ010GgvaGzSIFUpZVLEw/K+ebp9htCdKTQnJCOYbZPtWZq77kiZnIXchySKSs
mmfKoYg0SGgIzi0TgbXI96FZJxV6X1nBik/I8uE+IQKBgQD3/z1FNYlcyhKGumLM
MO/ljf5Kk39sHpvNvwrqsEu1k/SVmLsRg5hYbHsUm2Z2+v88ea945AVcHPIFqW88
8MzTM2idGZjFn7q5iQRHq2L35ZjBqbrfDsB2d5LLMYJktAnTNB1V7d70aZNdpGsY
P1IvrnRl9c3oHxUzTGIIU9ZfdQKBgQDBjXYTLa6TWZwXVi7xMX1EO9FmTRJ6KmEW
yTyf2C23hmvAdj87/gsjnDyWL/8VTcGozKbFk5QRfoxPz2Ea5Y4VbHn8ae5MD3W5
I8mdKMTlXFQTP+kp2zeup+677BSNc1/D8O2TNOwuD/hmBH11A/eZzG3RKLW7BJCQ
gcEC+klCfQKBgDBcSapxYjQCA9LaDeIbuOxe4DPSx4ph/agFlS9m6ZyjGZMCkZg8
vTyhCu9dzoFtONCmOh2s+Y6Y5mlMPTD5FDgrUj8weqYvG86KdZc0SLxmvX8mhhZx
Xf68GpgdM3xHz5KsGvxiwpOO8vnT0j6MOo6pynEHmful9BBo2MUe9DLxAoGAT6wM
W46lWvA7CXwnbI9Dki/RXXwCTBlfx8JkWyPghbgmaJ4EH4zORwVMB0KQjNNqETLU
v2WlQKJH3Z5uyWSO3RC/EgEE33hJrEEn/7JFgmhED3xyXRFo1VM5OU/Pkf5ZAE4P
bVYOllNqm4vjnKRaaou09LD+RZJ2c5WFvtUKDP0CgYBCufDK99+p3c7xDc/lW2LG
k+lZ+TC3EvZYmzgEkSn7jYAi2c49FC3BBAokSCICrA1tGIcdvVLAdpgC4DZfKnjf
EFd93J0eDizPaoc0zkpdkfmKY+vZ4nZA22UOB8lgIGusTi3FFlY18yu8duqbJBmx
UVtPv5pCbwZ+Et28SWaVWQ==
-----END PRIVATE KEY-----
`,
  secretBase64: 'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=',
  companySecret: '__read_from_config__',
  payloads: {
    serial: {
      serial: 'EXAMPLECUSTOMER1D57107A415DEE77F',
      digitalOnlySeats: 15,
      essentialSeats: 15,
      professionalSeats: 15,
      eliteSeats: 15,
      workforceOptimizationSeats: 15,
      workforceManagementSeats: 15,
      speechAnalyticsSeats: 6,
      dialerSeats: 6,
      additionalAiMessages: 6000,
    },
    ccId: {
      ccId: { resellerId: 'EXAMPLERESELLERID', divisionId: 'EXAMPLEDIVISIONID' },
      digitalOnlySeats: 15,
      essentialSeats: 15,
      professionalSeats: 15,
      eliteSeats: 15,
      workforceOptimizationSeats: 15,
      workforceManagementSeats: 15,
      speechAnalyticsSeats: 6,
      dialerSeats: 6,
      additionalAiMessages: 6000,
      aiMessaging: { standardBundles: 5, advancedBundles: 0 },
      aiAudioServices: { seatLicenses: 10, additionalHours: 20 },
      ehrEmrIntegrationSeats: 10,
    },
  },
  hashes: {
    serial: 'fc9be0662a10e190e7faf49a4906398a9d6b9df47d7bbdac1b182dadb2044bcc',
    ccId: 'd1206dde6a93f5cfff7c8e718c8778eeb38ef72582fb8597f89db9c599e923cf',
  },
  tokens: {
    xima: 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjMzNDNjMTU4LWQzNzEtNDFjZC1iZTdkLWQ4YjNjYjEzMzQ0NSJ9.eyJwYXlsb2FkX2hhc2giOiJmYzliZTA2NjJhMTBlMTkwZTdmYWY0OWE0OTA2Mzk4YTlkNmI5ZGY0N2Q3YmJkYWMxYjE4MmRhZGIyMDQ0YmNjIiwianRpIjoiNmYxYzJmMGUtNGE1NS00Yzg2LTlmNWUtMGYwZjVhMGU5YzExIiwiZXhwIjoxNzY3MjI3NDAwfQ.OoIWvwQrf2aIBW9NjQpds_s6JImZGRGoMKAv6Mf570JU59Ds_Xk_EImB-kQj68xnrUSRNbNQpNuNsgMHC_FLN-2WYHfVJh7UH8CE_ZtGCWehI-47FZ_lZ9lYiBEhKi3PgUfUsFS4SXl8-zOKU3hJ2Aydmfoipkw09dhf3bf3BYDX_CahnQftagcqJRB7OT-qroL6YoKmfNZlmQz644DT2jdIAEKcyVWxwtTYRBqrp3Z6qAAWWKi97zDTjyyJE9u1Lg-t-LV19JvkTY3z82ZZgiPFHay6zGO01rPcJayOHCJzrjC4W9WD1O5NWNztiLDlHsSyzSHD9Pc9SvGWSEb38Q',
    xima2:
      'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjMzNDNjMTU4LWQzNzEtNDFjZC1iZTdkLWQ4YjNjYjEzMzQ0NSJ9.eyJwYXlsb2FkX2hhc2giOiJmYzliZTA2NjJhMTBlMTkwZTdmYWY0OWE0OTA2Mzk4YTlkNmI5ZGY0N2Q3YmJkYWMxYjE4MmRhZGIyMDQ0YmNjIiwianRpIjoiNmYxYzJmMGUtNGE1NS00Yzg2LTlmNWUtMGYwZjVhMGU5YzExIiwiZXhwIjoxNzY3MjI3NDAwLCJpc3MiOiJ4aW1hLWNjYWFzIiwiYXVkIjoieGltYS1jY2FhcyIsInN1YiI6IjMzNDNjMTU4LWQzNzEtNDFjZC1iZTdkLWQ4YjNjYjEzMzQ0NSIsImlhdCI6MTc2NzIyNTYwMH0.gleEuw_3du_hojIi7urByAJDSVJHu41wPPnjH8s3uexWe7vo44UdeQ0OMaEr1IJhYcchvZkrcCakDSvgg3yoCEDjDoz9_JFJ52N45cqSmqygOiTB4JIshbDMazljm6Os0PbO0Vrvp77kyet8Kmzyp6EiYwpDqQIikuf8q1psJfvEbGfe907zSSEOawsq65bXIWDPLS7bqjjA-Mi3Gk7W7TS-4WpmZOVu01RQluleMa5rzXJAruSksbRFSjDbENe15XFcm3PtPmy_EtSWpbYHrq5JpdxFpPl-HM6Tp-MogbGvCjLaaKEoSVcUlOD31Y-TkGvE2uRgyMIwRr8GKfwr9g',
    superoffice:
      'Application Name-pzqc70604i.202601010000.gr8Wr+ApG3WmtGPSBogh4EGOyo3YEoY6q4suJv6JnacFi+Bw05rUSFPbLFmdeIVL1BQ4Vs7HOmzQearAIZYmvoww6/IEDy7e7ByH0ebVrkIzuy9etQTpA5TNzd7AHs8JcdskA375W+09YPAP+BnR/H28DW2fb8iCXr6nvBgQsc2y4sGTwZAR2HWTBHplzggoPPBMxtinl4qolD7q3oUH+t9hz/EA6EQiZCUYz52xs8SJNhXc2uNUgwXzNnsdHea8szbSuycNpZ1kQaPuDaT7kWsCmV+yRfD1EDbdE1v6z+nm0U2ewMgc8DzyNg9MuXe34yrpsiNTIBfpY9ZJ4ICKww==',
    ccai: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBTUNFIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjkyMDAsImlkZW50aWZpZXIiOiJ1c2VyLTQyIiwibmFtZSI6IkFkYSBMb3ZlbGFjZSIsImVtYWlsIjoiYWRhQGV4YW1wbGUuY29tIn0.cxQeBAdZ2ZpiIGpm2glW3Exsxz8Un20cDms_-4y3A88',
    ccaiAnonymous:
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBTUNFIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjkyMDAsImlkZW50aWZpZXIiOiJhbm9uXzZmMWMyZjBlLTRhNTUtNGM4Ni05ZjVlLTBmMGY1YTBlOWMxMSJ9.MVr4H6sxf3COlqZJL4vbt8kWvr8JOPsgIJPhj6DY1RM',
    webex:
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiIwMTlhMWIyYy0zZDRlLTdmNTAtOGE2Yi03YzhkOWUwZjFhMmIiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNjIwMH0.HwiqeBOyH7itDH9UahDFOduXplhwMXxHK4aWXUQlqKw',
    telesign:
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJGRkZGRkZGRi1FRUVFLUREREQtMTIzNC1BQjEyMzQ1Njc4OTAiLCJpYXQiOjE3NjcyMjU1OTAsImV4cCI6MTc2NzIyNTY4MCwicGhuIjoiKzQ5MTUxMTIzNDU2NzgiLCJ4aWQiOiJvcmRlci00NzExIn0.m2lYZeQkCy-m2mhA5gXSDCSaRTPzWx54NpWFv3dLBEk',
  },
} as const;
